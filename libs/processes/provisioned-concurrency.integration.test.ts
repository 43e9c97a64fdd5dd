import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  paginateListProvisionedConcurrencyConfigs,
  PublishVersionCommand,
  PutProvisionedConcurrencyConfigCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import type { SandboxPool } from '@hearth/sandbox';
import { InProcessPlatform, refusal, ROLE, zipOf } from './testing/in-process-platform.js';
import { SANDBOX_POOL } from './tokens.js';

const FUNCTION = `
const startedAt = Date.now();
if (process.env.INIT_MS) await new Promise((done) => setTimeout(done, Number(process.env.INIT_MS)));
if (process.env.INIT_FAILS) throw new Error('no');
export const handler = async (event, context) => {
  if (event.ms) await new Promise((done) => setTimeout(done, event.ms));
  if (event.exit) process.exit(1);
  return { type: process.env.AWS_LAMBDA_INITIALIZATION_TYPE, version: context.functionVersion, pid: process.pid, age: Date.now() - startedAt };
};`;

let platform: InProcessPlatform;
let lambda: LambdaClient;
let pool: SandboxPool;

beforeAll(async () => {
  platform = await InProcessPlatform.start({ HEARTH_SANDBOX_IDLE_MS: '500', HEARTH_SANDBOX_MAX: '8' });
  lambda = platform.lambda();
  pool = platform.get<SandboxPool>(SANDBOX_POOL);
}, 60_000);
afterAll(() => platform?.stop(), 60_000);

/** Version 1 of a new function, and the alias `live` on it. */
async function create(FunctionName: string, Variables: Record<string, string> = {}): Promise<void> {
  await lambda.send(
    new CreateFunctionCommand({ FunctionName, Runtime: 'nodejs22.x', Handler: 'index.handler', Role: ROLE, Code: { ZipFile: await zipOf({ 'index.mjs': FUNCTION }) }, Timeout: 20, Publish: true, Environment: { Variables } }),
  );
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName });
  await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
}

async function publish(FunctionName: string, Variables: Record<string, string>): Promise<string> {
  await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName });
  return (await lambda.send(new PublishVersionCommand({ FunctionName }))).Version!;
}

const provision = (FunctionName: string, ProvisionedConcurrentExecutions: number, Qualifier = 'live') => lambda.send(new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier, ProvisionedConcurrentExecutions }));
const config = (FunctionName: string, Qualifier = 'live') => lambda.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier }));

async function until<T>(what: string, look: () => Promise<T | false | undefined>): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`Not within 20 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const settled = (FunctionName: string, Qualifier = 'live') =>
  until(`${FunctionName}:${Qualifier} is settled`, async () => {
    const found = await config(FunctionName, Qualifier);
    return found.Status !== 'IN_PROGRESS' && found;
  });

async function invoke(FunctionName: string, event: object = {}, Qualifier: string | undefined = 'live'): Promise<any> {
  const { Payload, FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Qualifier, Payload: JSON.stringify(event) }));
  return FunctionError ? { failed: true } : JSON.parse(Buffer.from(Payload!).toString());
}

describe('provisioned concurrency', () => {
  it('is READY when so many sandboxes are initialised, and serves without a cold start', async () => {
    await create('ready');
    expect(await provision('ready', 2)).toMatchObject({ Status: 'IN_PROGRESS', RequestedProvisionedConcurrentExecutions: 2, AvailableProvisionedConcurrentExecutions: 0, $metadata: { httpStatusCode: 202 } });
    expect(await settled('ready')).toMatchObject({ Status: 'READY', AllocatedProvisionedConcurrentExecutions: 2, AvailableProvisionedConcurrentExecutions: 2 });
    const readyAt = Date.now();
    const answers = await Promise.all([1, 2].map(() => invoke('ready', { ms: 300 })));
    expect(answers.map(({ type }) => type)).toEqual(['provisioned-concurrency', 'provisioned-concurrency']);
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(2);
    for (const { age } of answers) expect(age).toBeGreaterThan(Date.now() - readyAt - 50);
    expect((await invoke('ready', {}, '1')).type).toBe('on-demand');
  });

  it('spills over to sandboxes on demand', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => invoke('ready', { ms: 500 })));
    expect(answers.map(({ type }) => type).sort()).toEqual(['on-demand', 'provisioned-concurrency', 'provisioned-concurrency']);
    expect(answers.every(({ version }) => version === '1')).toBe(true);
  });

  it('outlives the time after which idle sandboxes end, and the end of a sandbox', async () => {
    const { pid } = await invoke('ready');
    await until('the sandboxes on demand expired', async () => pool.stats().states.idle === 2);
    expect([(await invoke('ready')).pid]).toEqual([pid]);
    expect(await invoke('ready', { exit: true })).toEqual({ failed: true });
    await until('two are ready again', async () => pool.provisionReport().held.find(({ count }) => count === 2)?.ready === 2);
    expect((await Promise.all([1, 2].map(() => invoke('ready', { ms: 300 })))).map(({ type }) => type)).toEqual(['provisioned-concurrency', 'provisioned-concurrency']);
  });

  it('sends a moved alias to the former version until the new one is ready', async () => {
    await create('moved');
    await provision('moved', 1);
    await settled('moved');
    const version = await publish('moved', { INIT_MS: '2000' });
    await lambda.send(new UpdateAliasCommand({ FunctionName: 'moved', Name: 'live', FunctionVersion: version }));
    expect((await config('moved')).Status).toBe('IN_PROGRESS');
    const seen = await until('the new version is ready', async () => {
      const answer = await invoke('moved');
      if (answer.type !== 'provisioned-concurrency') return answer;
      return answer.version === version && answer;
    });
    expect(seen).toMatchObject({ type: 'provisioned-concurrency', version });
    expect((await config('moved')).Status).toBe('READY');
    await until('the former sandboxes ended', async () => pool.provisionReport().held.length === 2);
  });

  it('fails when the function cannot be initialised, and recovers with another version', async () => {
    await create('failing', { INIT_FAILS: '1' });
    await provision('failing', 1);
    expect(await settled('failing')).toMatchObject({ Status: 'FAILED', StatusReason: 'FUNCTION_ERROR_INIT_FAILURE', AvailableProvisionedConcurrentExecutions: 0 });
    const version = await publish('failing', {});
    await lambda.send(new UpdateAliasCommand({ FunctionName: 'failing', Name: 'live', FunctionVersion: version }));
    expect(await settled('failing')).toMatchObject({ Status: 'READY' });
    expect((await config('failing')).StatusReason).toBeUndefined();
  });

  it('says when there is no room', async () => {
    await create('greedy');
    await provision('greedy', 20);
    expect(await settled('greedy')).toMatchObject({ Status: 'FAILED', StatusReason: expect.stringMatching(/^The workers have room for 4 of the 20 requested environments\.$/) });
    await lambda.send(new DeleteFunctionCommand({ FunctionName: 'greedy' }));
  });

  it('ends with its configuration, its function or a smaller number', async () => {
    const configs: unknown[] = [];
    for await (const page of paginateListProvisionedConcurrencyConfigs({ client: lambda, pageSize: 1 }, { FunctionName: 'ready' })) configs.push(...page.ProvisionedConcurrencyConfigs!);
    expect(configs).toMatchObject([{ FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:ready:live', Status: 'READY' }]);
    await provision('ready', 1);
    expect(await settled('ready')).toMatchObject({ AvailableProvisionedConcurrentExecutions: 1, AllocatedProvisionedConcurrentExecutions: 1 });
    await lambda.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName: 'ready', Qualifier: 'live' }));
    expect(await refusal(config('ready'))).toEqual({ name: 'ProvisionedConcurrencyConfigNotFoundException', status: 404, message: 'No Provisioned Concurrency Config found for this function' });
    for (const FunctionName of ['moved', 'failing']) await lambda.send(new DeleteFunctionCommand({ FunctionName }));
    await until('nothing is held', async () => pool.provisionReport().held.length === 0);
    await until('nothing is left', async () => Object.values(pool.stats().states).every((count) => count === 0));
  });
});
