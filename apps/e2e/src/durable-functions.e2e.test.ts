import { AttachRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateAliasCommand,
  GetDurableExecutionCommand,
  GetDurableExecutionHistoryCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  ListDurableExecutionsByFunctionCommand,
  PublishVersionCommand,
  SendDurableExecutionCallbackFailureCommand,
  SendDurableExecutionCallbackHeartbeatCommand,
  SendDurableExecutionCallbackSuccessCommand,
  StopDurableExecutionCommand,
  UpdateAliasCommand,
  type Event,
  type InvokeCommandInput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { deploy, lambdaClient, refusal } from './lambda.js';
import { bundle, npmPackages, pipPackages } from './packages.js';
import { Platform } from './platform.js';
import { run } from './run.js';
import { until } from './until.js';
import { filesBelow, zip } from './zip.js';

/** What a user writes, with the official SDK as it is: endpoint, region and credentials come from the function's environment. */
const SOURCE = `
import { createRetryStrategy, withDurableExecution } from '@aws/durable-execution-sdk-js';

const kinds = {
  async order({ id }, context) {
    const reserved = await context.step('reserve', async () => { console.log('reserving ' + id); return { id, reserved: true }; });
    await context.wait('cool down', { seconds: 1 });
    return await context.step('charge', async () => { console.log('charging ' + id); return { ...reserved, charged: true }; });
  },
  async unsteady(_event, context) {
    const retryStrategy = (error, attempt) => ({ shouldRetry: attempt < 3, delay: { seconds: 1 } });
    return await context.step('flaky', async ({ attempt }) => { if (attempt < 3) throw new Error('attempt ' + attempt); return 'attempt ' + attempt; }, { retryStrategy });
  },
  async hopeless(_event, context) {
    await context.step('doomed', async () => { throw new RangeError('out of range'); }, { retryStrategy: () => ({ shouldRetry: false }) });
  },
  async approval({ timeout }, context) {
    return await context.waitForCallback('approve', async (callbackId) => { console.log('callback ' + callbackId); }, { timeout: timeout && { seconds: timeout } });
  },
  async wide({ items }, context) {
    const results = await context.map('squares', items, async (child, item, index) => await child.step('square-' + index, async () => item * item));
    const [left, right] = (await context.parallel('both', [async (child) => child.step('left', async () => 'L'), async (child) => { await child.wait({ seconds: 1 }); return 'R'; }])).getResults();
    return { squares: results.getResults(), left, right };
  },
  async polling(_event, context) {
    return await context.waitForCondition('three', async (state) => ({ n: state.n + 1 }), {
      initialState: { n: 0 },
      waitStrategy: (state) => (state.n >= 3 ? { shouldContinue: false } : { shouldContinue: true, delay: { seconds: 1 } }),
    });
  },
  async chain({ callee, input }, context) {
    return { answer: await context.invoke('callee', callee, input) };
  },
  async caught({ callee }, context) {
    try { return await context.invoke('callee', callee, {}); } catch (error) { return { caught: error.message }; }
  },
  async sleeper({ seconds }, context) {
    await context.step('before', async () => { console.log('before the wait'); });
    await context.wait({ seconds });
    await context.step('after', async () => { console.log('after the wait'); });
    return 'slept';
  },
  async slowStep(_event, context) {
    await context.step('first', async () => { console.log('first step'); });
    await context.step('slow', async () => { console.log('slow step'); await new Promise((resolve) => setTimeout(resolve, 2500)); });
    return 'done';
  },
  async many({ count }, context) {
    await Promise.all(Array.from({ length: count }, (_, i) => context.step('s' + i, async () => i)));
    await context.wait({ seconds: 1 });
    return await context.step('last', async () => 'last');
  },
};

export const handler = withDurableExecution(async (event, context) => await kinds[event.kind](event, context));
`;

const PYTHON = `
import boto3
from aws_durable_execution_sdk_python import durable_execution
from aws_durable_execution_sdk_python.config import CallbackConfig, Duration, StepConfig
from aws_durable_execution_sdk_python.retries import RetryDecision

client = boto3.client('lambda')

def flaky(step):
    if step.attempt < 2:
        raise ValueError('attempt 1')
    return 'attempt %d' % step.attempt

@durable_execution
def handler(event, context):
    first = context.step(lambda step: event['n'] + 1, name='add')
    context.wait(Duration.from_seconds(1), name='rest')
    retry = StepConfig(retry_strategy=lambda error, attempt: RetryDecision(should_retry=attempt < 3, delay=Duration.from_seconds(1)))
    tried = context.step(flaky, name='flaky', config=retry)
    squares = context.map([1, 2, 3], lambda child, item, index, items: child.step(lambda step: item * item))
    called = context.invoke('plain', {'n': first})
    callback = context.create_callback(name='ask', config=CallbackConfig(timeout=Duration.from_seconds(60)))
    context.step(lambda step: client.send_durable_execution_callback_success(CallbackId=callback.callback_id, Result=b'"yes"') and None, name='answer myself')
    return {'first': first, 'tried': tried, 'squares': squares.get_results(), 'called': called, 'callback': callback.result()}
`;

const ENDS = new Set(['SUCCEEDED', 'FAILED', 'TIMED_OUT', 'STOPPED']);
/** The SDK for JavaScript of this project does not know all operations yet; this boto3 does. */
const PYTHON_PACKAGES = ['aws-durable-execution-sdk-python==3.0.0', 'boto3==1.44.8'];

/** What AWS's guide has users give the execution role, and the rights to what their own code calls. */
async function allowDurableExecutions(platform: Platform): Promise<void> {
  const iam = new IAMClient({ endpoint: platform.endpoint, region: 'us-east-1', credentials: platform.credentials });
  await iam.send(new AttachRolePolicyCommand({ RoleName: 'e2e', PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy' }));
  const Statement = [{ Effect: 'Allow', Action: ['lambda:InvokeFunction', 'lambda:SendDurableExecutionCallbackSuccess'], Resource: '*' }];
  await iam.send(new PutRolePolicyCommand({ RoleName: 'e2e', PolicyName: 'calls', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }) }));
  iam.destroy();
}

describe('durable functions with the official SDK', () => {
  let platform: Platform;
  let client: LambdaClient;

  beforeAll(async () => {
    platform = await Platform.start({ HEARTH_ASYNC_LEASE_MS: '2000', HEARTH_RECONCILE_MS: '200' });
    client = lambdaClient(platform);
    const code = await bundle(await npmPackages({ '@aws/durable-execution-sdk-js': '2.4.0', '@aws-sdk/client-lambda': '3.1164.0' }), SOURCE);
    await allowDurableExecutions(platform);
    await deploy(client, 'flow', code, { DurableConfig: { ExecutionTimeout: 300, RetentionPeriodInDays: 1 }, MemorySize: 512, Timeout: 30 });
    await deploy(client, 'hasty', code, { DurableConfig: { ExecutionTimeout: 2 }, MemorySize: 512, Timeout: 30 });
    await deploy(client, 'plain', `exports.handler = async (event) => { if (event.fail) throw new TypeError('no ' + event.fail); return { got: event.n }; };`);
  }, 240_000);
  afterAll(() => platform?.stop(), 60_000);

  async function call(event: object, options: Partial<InvokeCommandInput> = {}) {
    const answer = await client.send(new InvokeCommand({ FunctionName: 'flow', Qualifier: '$LATEST', Payload: JSON.stringify(event), ...options }));
    const text = Buffer.from(answer.Payload ?? []).toString('utf8');
    return { arn: answer.DurableExecutionArn as string, status: answer.StatusCode, error: answer.FunctionError, value: text === '' ? undefined : (JSON.parse(text) as unknown), log: Buffer.from(answer.LogResult ?? '', 'base64').toString('utf8') };
  }

  async function start(event: object, options: Partial<InvokeCommandInput> = {}): Promise<string> {
    const { arn, status } = await call(event, { InvocationType: 'Event', ...options });
    expect(status).toBe(202);
    return arn;
  }

  async function history(arn: string): Promise<Event[]> {
    return (await client.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn: arn, MaxItems: 1_000 }))).Events ?? [];
  }

  async function ended(arn: string, deadlineMs = 30_000) {
    return await until(`${arn} ended`, deadlineMs, async () => {
      const execution = await client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }));
      return ENDS.has(execution.Status as string) && execution;
    });
  }

  /** Lines can be read a moment after the answer. */
  async function logged(name: string, wanted: (line: string) => boolean, count = 1): Promise<string[]> {
    return await until(`the log of ${name} has ${count} such lines`, 10_000, async () => {
      const lines = (await platform.functionLog(name)).filter(wanted);
      return lines.length >= count && lines;
    });
  }

  async function callbackOf(arn: string): Promise<string> {
    return await until('the callback is open', 15_000, async () => (await history(arn)).find(({ EventType }) => EventType === 'CallbackStarted')?.CallbackStartedDetails?.CallbackId);
  }

  it('runs steps around a wait and answers a synchronous call with the result', async () => {
    const { arn, value, error, status, log } = await call({ kind: 'order', id: 'o-1' }, { LogType: 'Tail' });
    expect({ status, error, value }).toEqual({ status: 200, error: undefined, value: { id: 'o-1', reserved: true, charged: true } });
    expect(log).toContain('charging o-1');
    expect(arn).toMatch(/^arn:aws:lambda:us-east-1:000000000000:function:flow:\$LATEST\/durable-execution\/[\w-]+\/[\w-]+$/);
    const types = (await history(arn)).map(({ EventType }) => EventType);
    expect(types.filter((type) => type !== 'InvocationCompleted')).toEqual(['ExecutionStarted', 'StepStarted', 'StepSucceeded', 'WaitStarted', 'WaitSucceeded', 'StepStarted', 'StepSucceeded', 'ExecutionSucceeded']);
    const execution = await client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }));
    expect(execution).toMatchObject({ Status: 'SUCCEEDED', InputPayload: '{"kind":"order","id":"o-1"}', Version: '$LATEST', DurableConfig: { ExecutionTimeout: 300, RetentionPeriodInDays: 1 } });
    expect(await logged('flow', (line) => line.includes('reserving o-1'))).toHaveLength(1);
  }, 60_000);

  it('retries a step after its delay', async () => {
    const { value, arn } = await call({ kind: 'unsteady' });
    expect(value).toBe('attempt 3');
    const failures = (await history(arn)).filter(({ EventType }) => EventType === 'StepFailed');
    expect(failures.map(({ StepFailedDetails }) => StepFailedDetails?.RetryDetails)).toEqual([{ CurrentAttempt: 1, NextAttemptDelaySeconds: 1 }, { CurrentAttempt: 2, NextAttemptDelaySeconds: 1 }]);
  }, 60_000);

  it('fails with the error of a step that is not tried again', async () => {
    const { value, error, arn } = await call({ kind: 'hopeless' });
    expect(error).toBe('Unhandled');
    expect(value).toMatchObject({ errorMessage: 'out of range' });
    expect(await client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }))).toMatchObject({ Status: 'FAILED', Error: { ErrorMessage: 'out of range' } });
  }, 60_000);

  it('waits for a callback, whatever its end', async () => {
    const success = await start({ kind: 'approval' });
    const id = await callbackOf(success);
    await client.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId: id }));
    await client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId: id, Result: Buffer.from('"granted"') }));
    expect(await ended(success)).toMatchObject({ Status: 'SUCCEEDED', Result: JSON.stringify('"granted"') });
    expect(await refusal(client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId: id })))).toMatchObject({ name: 'CallbackTimeoutException', status: 400 });

    const failure = await start({ kind: 'approval' });
    await client.send(new SendDurableExecutionCallbackFailureCommand({ CallbackId: await callbackOf(failure), Error: { ErrorType: 'Denied', ErrorMessage: 'not today' } }));
    expect(await ended(failure)).toMatchObject({ Status: 'FAILED', Error: { ErrorMessage: expect.stringContaining('not today') } });

    const late = await ended(await start({ kind: 'approval', timeout: 1 }));
    expect(late.Status).toBe('FAILED');
    expect((await history(late.DurableExecutionArn as string)).map(({ EventType }) => EventType)).toContain('CallbackTimedOut');
  }, 90_000);

  it('runs children in parallel, and polls for conditions', async () => {
    expect((await call({ kind: 'wide', items: [1, 2, 3] })).value).toEqual({ squares: [1, 4, 9], left: 'L', right: 'R' });
    expect((await call({ kind: 'polling' })).value).toEqual({ n: 3 });
  }, 90_000);

  it('invokes other functions, durable or not', async () => {
    expect((await call({ kind: 'chain', callee: 'plain', input: { n: 7 } })).value).toEqual({ answer: { got: 7 } });
    expect((await call({ kind: 'chain', callee: 'flow:$LATEST', input: { kind: 'order', id: 'child' } })).value).toEqual({ answer: { id: 'child', reserved: true, charged: true } });
    expect((await call({ kind: 'caught', callee: 'missing' })).value).toEqual({ caught: expect.stringContaining('Function not found') });
    expect((await call({ kind: 'caught', callee: 'flow' })).value).toEqual({ caught: 'You cannot invoke a durable function using an unqualified ARN.' });
  }, 90_000);

  it('is the same in Python', async () => {
    const packages = await filesBelow(await pipPackages(...PYTHON_PACKAGES));
    // Of boto3's service models only those that are used: the package would be large otherwise.
    const needed = Object.entries(packages).filter(([name]) => !/^botocore\/data\/[^/]+\//.test(name) || /^botocore\/data\/(lambda|sts)\//.test(name));
    const code = await zip({ ...Object.fromEntries(needed), 'index.py': PYTHON });
    await deploy(client, 'serpent', code, { Runtime: 'python3.11', DurableConfig: { ExecutionTimeout: 120 }, MemorySize: 512, Timeout: 60 });
    const { value, error } = await call({ n: 1 }, { FunctionName: 'serpent' });
    expect({ value, error }).toEqual({ value: { first: 2, tried: 'attempt 2', squares: [1, 4, 9], called: { got: 2 }, callback: '"yes"' }, error: undefined });
  }, 180_000);

  it('starts once under one name', async () => {
    const first = await start({ kind: 'order', id: 'named' }, { DurableExecutionName: 'once' });
    expect(first).toContain('/durable-execution/once/');
    expect(await start({ kind: 'order', id: 'named' }, { DurableExecutionName: 'once' })).toBe(first);
    const attached = await call({ kind: 'order', id: 'named' }, { DurableExecutionName: 'once' });
    expect(attached).toMatchObject({ arn: first, value: { charged: true } });
    expect(await refusal(call({ kind: 'order', id: 'other' }, { DurableExecutionName: 'once' }))).toMatchObject({ name: 'DurableExecutionAlreadyStartedException', status: 409 });
    expect(await logged('flow', (line) => line.includes('charging named'))).toHaveLength(1);
    const { DurableExecutions } = await client.send(new ListDurableExecutionsByFunctionCommand({ FunctionName: 'flow', DurableExecutionName: 'once', Statuses: ['SUCCEEDED'] }));
    expect(DurableExecutions?.map(({ DurableExecutionArn }) => DurableExecutionArn)).toEqual([first]);
  }, 60_000);

  it('is stopped, and times out', async () => {
    const stopped = await start({ kind: 'sleeper', seconds: 200 });
    await until('it waits', 15_000, async () => (await history(stopped)).some(({ EventType }) => EventType === 'WaitStarted'));
    await client.send(new StopDurableExecutionCommand({ DurableExecutionArn: stopped, Error: { ErrorType: 'Enough', ErrorMessage: 'stop it' } }));
    expect(await ended(stopped)).toMatchObject({ Status: 'STOPPED', Error: { ErrorType: 'Enough', ErrorMessage: 'stop it' } });
    const late = await start({ kind: 'sleeper', seconds: 100 }, { FunctionName: 'hasty' });
    expect((await ended(late)).Status).toBe('TIMED_OUT');
  }, 60_000);

  it('does not run while it is paused, and is gone when it is deleted', async () => {
    const environment = { ...platform.clientEnvironment(), PYTHONPATH: await pipPackages(...PYTHON_PACKAGES) };
    const boto3 = async (call: string) => (await run('python3', ['-c', `import boto3; print(boto3.client('lambda').${call}['ResponseMetadata']['HTTPStatusCode'])`], { env: environment })).trim();
    // Long enough for Python to start, on a slow machine too.
    const arn = await start({ kind: 'sleeper', seconds: 12 });
    await until('it waits', 15_000, async () => (await history(arn)).some(({ EventType }) => EventType === 'WaitStarted'));
    expect(await boto3(`pause_durable_execution(DurableExecutionArn='${arn}', Reason='maintenance')`)).toBe('202');
    const status = async (): Promise<string | undefined> => (await client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }))).Status;
    await until('it is paused', 15_000, async () => (await status()) === 'PAUSED');
    await until('its wait is over all the same', 30_000, async () => (await history(arn)).some(({ EventType }) => EventType === 'WaitSucceeded'));
    expect(await status()).toBe('PAUSED');
    expect(await boto3(`resume_durable_execution(DurableExecutionArn='${arn}')`)).toBe('202');
    expect(await ended(arn)).toMatchObject({ Status: 'SUCCEEDED', Result: '"slept"' });
    expect(await boto3(`delete_durable_execution(DurableExecutionArn='${arn}')`)).toBe('202');
    expect(await refusal(client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn })))).toMatchObject({ name: 'ResourceNotFoundException', status: 404 });
  }, 90_000);

  it('tells a replay of more operations than fit into one page', async () => {
    expect((await call({ kind: 'many', count: 1_100 })).value).toBe('last');
  }, 240_000);

  it('goes on after kill -9, from the last checkpoint', async () => {
    const waiting = await start({ kind: 'sleeper', seconds: 3 });
    await until('it waits', 15_000, async () => (await history(waiting)).some(({ EventType }) => EventType === 'WaitStarted'));
    const working = await start({ kind: 'slowStep' });
    await until('the slow step runs', 15_000, async () => (await platform.functionLog('flow')).some((line) => line.includes('slow step')));
    await platform.kill9();
    await platform.restart();
    client = lambdaClient(platform);
    expect(await ended(waiting, 60_000)).toMatchObject({ Status: 'SUCCEEDED', Result: '"slept"' });
    expect(await ended(working, 60_000)).toMatchObject({ Status: 'SUCCEEDED', Result: '"done"' });
    expect((await logged('flow', (line) => line.includes('slow step'), 2)).length).toBeGreaterThanOrEqual(2);
    expect(await logged('flow', (line) => line.includes('first step'))).toHaveLength(1);
  }, 150_000);

  it('stays on the version that it was started with', async () => {
    await client.send(new PublishVersionCommand({ FunctionName: 'flow' }));
    await until('version 1 can be invoked', 20_000, async () => (await client.send(new GetFunctionConfigurationCommand({ FunctionName: 'flow', Qualifier: '1' }))).State === 'Active');
    await client.send(new CreateAliasCommand({ FunctionName: 'flow', Name: 'live', FunctionVersion: '1' }));
    const arn = await start({ kind: 'sleeper', seconds: 2 }, { Qualifier: 'live' });
    expect(arn).toContain(':function:flow:1/durable-execution/');
    await client.send(new UpdateAliasCommand({ FunctionName: 'flow', Name: 'live', FunctionVersion: '$LATEST' }));
    expect(await ended(arn)).toMatchObject({ Status: 'SUCCEEDED', Version: '1' });
    expect((await logged('flow', (line) => /^START .*Version: 1$/.test(line), 2)).length).toBeGreaterThanOrEqual(2);
    expect(await client.send(new GetFunctionConfigurationCommand({ FunctionName: 'flow', Qualifier: '1' }))).toMatchObject({ DurableConfig: { ExecutionTimeout: 300, RetentionPeriodInDays: 1 } });
  }, 60_000);

  it('is refused where Lambda refuses it', async () => {
    expect(await refusal(call({ kind: 'order' }, { Qualifier: undefined }))).toMatchObject({ name: 'InvalidParameterValueException', message: 'You cannot invoke a durable function using an unqualified ARN.' });
    expect(await refusal(call({ kind: 'order' }, { DurableExecutionName: 'not a name' }))).toMatchObject({ name: 'ValidationException', status: 400 });
    expect(await refusal(call({}, { FunctionName: 'plain', DurableExecutionName: 'x' }))).toMatchObject({ name: 'InvalidParameterValueException', status: 400 });
  });
});
