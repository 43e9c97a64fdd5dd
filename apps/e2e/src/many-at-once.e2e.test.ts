import { type LambdaClient } from '@aws-sdk/client-lambda';
import { deploy, invoke, lambdaClient } from './lambda.js';
import { Platform } from './platform.js';
import { until } from './until.js';

const FUNCTIONS = 20;
const INVOCATIONS = 200;
const EVENTS = 1_000;

describe('many at once', () => {
  let platform: Platform;
  let client: LambdaClient;

  beforeAll(async () => {
    platform = await Platform.start();
    client = lambdaClient(platform, { maxAttempts: 3 });
  }, 90_000);
  afterAll(() => platform?.stop(), 60_000);

  it(
    `${INVOCATIONS} concurrent invocations of ${FUNCTIONS} functions each get their own answer`,
    async () => {
      const names = Array.from({ length: FUNCTIONS }, (_, i) => `crowd-${i}`);
      await Promise.all(
        names.map((name) => deploy(client, name, `exports.handler = async (event, context) => ({ event, name: '${name}', id: context.awsRequestId });`, { Timeout: 120, MemorySize: 128 })),
      );
      const answers = await Promise.all(
        Array.from({ length: INVOCATIONS }, async (_, i) => {
          const name = names[i % FUNCTIONS] as string;
          const answer = await invoke(client, name, { i, secret: `s${i}` });
          return { i, name, answer };
        }),
      );
      for (const { i, name, answer } of answers) {
        expect(answer.functionError).toBeUndefined();
        expect(JSON.parse(answer.text)).toEqual({ event: { i, secret: `s${i}` }, name, id: answer.requestId });
      }
      expect(new Set(answers.map(({ answer }) => answer.requestId)).size).toBe(INVOCATIONS);
    },
    180_000,
  );

  it(
    `a kill -9 with ${EVENTS} accepted events in flight loses none`,
    async () => {
      await deploy(client, 'survivor', `exports.handler = async (event) => { await new Promise((resolve) => setTimeout(resolve, 20)); console.log('did ' + event.n); };`, { Timeout: 30 });
      const accepted = new Map<string, number>();
      const numbers = Array.from({ length: EVENTS }, (_, n) => n);
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          for (let n = numbers.pop(); n !== undefined; n = numbers.pop()) {
            const answer = await invoke(client, 'survivor', { n }, { InvocationType: 'Event' });
            expect(answer.status).toBe(202);
            accepted.set(answer.requestId, n);
          }
        }),
      );
      expect(accepted.size).toBe(EVENTS);
      await platform.kill9();
      const [inFlight] = await platform.query<{ count: number }>("SELECT count(*)::int AS count FROM async_events WHERE status IN ('queued', 'running')");
      expect(inFlight?.count).toBeGreaterThan(0);
      await platform.restart();
      await until('every event ended', 150_000, async () => {
        const [left] = await platform.query<{ count: number }>("SELECT count(*)::int AS count FROM async_events WHERE status IN ('queued', 'running')");
        return left?.count === 0;
      });
      const rows = await platform.query<{ id: string; status: string; condition: string; function_errors: number; executed_version: string }>('SELECT id, status, condition, function_errors, executed_version FROM async_events');
      const byId = new Map(rows.map((row) => [row.id, row]));
      for (const id of accepted.keys()) expect(byId.get(id)).toEqual({ id, status: 'succeeded', condition: 'Success', function_errors: 0, executed_version: '$LATEST' });
      // The function's own log agrees for everything that ran after the restart.
      await until('the log holds what ran after the restart', 10_000, async () => {
        const did = new Set((await platform.functionLog('survivor')).flatMap((text) => /\tdid (\d+)$/.exec(text)?.[1] ?? []));
        return did.size >= (inFlight?.count as number);
      });
      // And the platform still works.
      expect((await invoke(client, 'survivor', { n: -1 })).text).toBe('null');
    },
    240_000,
  );
});
