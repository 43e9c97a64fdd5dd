import { randomUUID } from 'node:crypto';
import { until } from '@hearth/invocation';
import { DurableFixture } from './testing/durable-fixture.js';

const DURABLE = { executionTimeoutSeconds: 60, retentionDays: 1 };
const THROTTLED = { code: 'TooManyRequestsException', status: 429, options: { members: { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' }, headers: { 'Retry-After': '1' } } };
const succeeded = { Status: 'SUCCEEDED', Result: '"ran"' };

describe('a durable function without concurrency to spare', () => {
  let fixture: DurableFixture;
  let open: () => void;

  beforeAll(async () => {
    fixture = await DurableFixture.start();
    await fixture.scheduler();
  }, 60_000);
  afterAll(() => fixture?.stop(), 60_000);

  /** A function that one invocation at a time may run in, until it is let go. @returns how many ran */
  function defineGated(name: string): () => number {
    const gate = new Promise<void>((resolve) => (open = resolve));
    let ran = 0;
    fixture.define(
      name,
      async () => {
        ran += 1;
        await gate;
        return succeeded;
      },
      DURABLE,
      randomUUID(),
      { reserved: 1, reservedInAccount: 1 },
    );
    return () => ran;
  }
  const executionsOf = async (name: string) => (await fixture.platform.database.pool.query('SELECT 1 FROM durable_executions WHERE function_name = $1', [name])).rowCount;

  it('answers a synchronous call 429 at once, and starts nothing', async () => {
    const ran = defineGated('busy');
    const first = fixture.invoke('busy');
    await until('the first runs', () => ran() === 1);
    await expect(fixture.invoke('busy', {}, { durableExecutionName: 'second' })).rejects.toMatchObject(THROTTLED);
    expect(await executionsOf('busy')).toBe(1);
    open();
    expect(Buffer.from((await first).payload!).toString()).toBe('"ran"');
    expect((await fixture.invoke('busy', {}, { durableExecutionName: 'second' })).functionError).toBeUndefined();
  });

  it('answers 429 also when its first invocation comes too late, and forgets the execution', async () => {
    defineGated('raced');
    const calls = [0, 1, 2].map((place) => fixture.invoke('raced', {}, { durableExecutionName: `call-${place}` }).then(
      () => 'ran',
      (error: unknown) => error,
    ));
    const refused = await Promise.all([Promise.race([calls[0], calls[1]]), Promise.race([calls[1], calls[2]])]);
    for (const error of refused) expect(error).toMatchObject(THROTTLED);
    open();
    const ends = await Promise.all(calls);
    expect(ends.filter((end) => end === 'ran')).toHaveLength(1);
    expect(await executionsOf('raced')).toBe(1);
    for (const [place, end] of ends.entries()) if (end !== 'ran') await fixture.invoke('raced', {}, { durableExecutionName: `call-${place}` });
    expect(await executionsOf('raced')).toBe(3);
  });

  it('keeps what was started as an event until there is room', async () => {
    const ran = defineGated('patient');
    const first = fixture.invoke('patient');
    await until('the first runs', () => ran() === 1);
    const arn = await fixture.begin('patient');
    open();
    await first;
    await fixture.untilStatus(arn, 'SUCCEEDED');
  });
});
