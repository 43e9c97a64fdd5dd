import {
  CreateAliasCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetAccountSettingsCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeWithResponseStreamCommand,
  PutFunctionConcurrencyCommand,
  PutProvisionedConcurrencyConfigCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { deploy, invoke, lambdaClient, refusal } from './lambda.js';
import { boto3Environment, commandLineEnvironment } from './packages.js';
import { Platform } from './platform.js';
import { run } from './run.js';
import { until } from './until.js';

/** Answers what it is and how long it lives; its init takes 2 s. */
const CODE = `
const startedAt = Date.now();
const done = Date.now() + 2000;
while (Date.now() < done);
exports.handler = async (event) => {
  if (event.ms) await new Promise((resolve) => setTimeout(resolve, event.ms));
  return { type: process.env.AWS_LAMBDA_INITIALIZATION_TYPE, age: Date.now() - startedAt };
};`;

describe('Provisioned concurrency', () => {
  let platform: Platform;
  let client: LambdaClient;

  beforeAll(async () => {
    platform = await Platform.start({ HEARTH_SANDBOX_IDLE_MS: '1000', HEARTH_ACCOUNT_CONCURRENCY: '150' });
    client = lambdaClient(platform);
    await deploy(client, 'warm', CODE, { Publish: true });
    await client.send(new CreateAliasCommand({ FunctionName: 'warm', Name: 'live', FunctionVersion: '1' }));
  }, 90_000);
  afterAll(() => platform?.stop(), 60_000);

  const config = () => client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName: 'warm', Qualifier: 'live' }));
  const ready = (count: number) =>
    until(`${count} are ready`, 60_000, async () => {
      const found = await config();
      return found.Status === 'READY' && found.AvailableProvisionedConcurrentExecutions === count && found;
    });
  const call = async (event: object = {}) => JSON.parse((await invoke(client, 'warm', event, { Qualifier: 'live' })).text) as { type: string; age: number };

  it('initialises sandboxes beforehand, keeps them, and spills over', async () => {
    await client.send(new PutProvisionedConcurrencyConfigCommand({ FunctionName: 'warm', Qualifier: 'live', ProvisionedConcurrentExecutions: 2 }));
    expect(await ready(2)).toMatchObject({ RequestedProvisionedConcurrentExecutions: 2, AllocatedProvisionedConcurrentExecutions: 2 });
    const answers = await Promise.all([call({ ms: 3_000 }), call({ ms: 3_000 }), call()]);
    expect(answers.map(({ type }) => type).sort()).toEqual(['on-demand', 'provisioned-concurrency', 'provisioned-concurrency']);
    const { log } = await invoke(client, 'warm', {}, { Qualifier: 'live', LogType: 'Tail' });
    expect(log).toContain('REPORT RequestId');
    expect(log).not.toContain('Init Duration');
    await until('they are older than idle ones become', 20_000, async () => (await call()).age > 8_000 && true);
  }, 120_000);

  it('is part of an account whose size is a setting', async () => {
    expect((await client.send(new GetAccountSettingsCommand({}))).AccountLimit).toMatchObject({ ConcurrentExecutions: 150 });
    const reserve = (ReservedConcurrentExecutions: number) => client.send(new PutFunctionConcurrencyCommand({ FunctionName: 'warm', ReservedConcurrentExecutions }));
    expect(await refusal(reserve(51))).toMatchObject({ name: 'InvalidParameterValueException', message: expect.stringContaining('below its minimum value of [100]') });
    await reserve(50);
    await client.send(new DeleteFunctionConcurrencyCommand({ FunctionName: 'warm' }));
  });

  it('follows a schedule, set with boto3 and the AWS command line', async () => {
    const env = { ...platform.clientEnvironment(), ...(await boto3Environment()) };
    const soon = (seconds: number) => new Date(Date.now() + seconds * 1_000).toISOString().slice(0, 19);
    const script = `
import boto3, datetime
soon = lambda: (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=4)).strftime('at(%Y-%m-%dT%H:%M:%S)')
scaling = boto3.client('application-autoscaling')
target = dict(ServiceNamespace='lambda', ResourceId='function:warm:live', ScalableDimension='lambda:function:ProvisionedConcurrency')
scaling.register_scalable_target(**target, MinCapacity=2, MaxCapacity=2)
scaling.put_scheduled_action(**target, ScheduledActionName='down', Schedule=soon(), ScalableTargetAction={'MinCapacity': 1, 'MaxCapacity': 1})
scaling.put_scheduled_action(**target, ScheduledActionName='weekly', Schedule='cron(0 8 ? * MON *)', Timezone='Europe/Berlin', ScalableTargetAction={'MinCapacity': 2, 'MaxCapacity': 2})
print(','.join(action['Schedule'] for action in scaling.describe_scheduled_actions(ServiceNamespace='lambda')['ScheduledActions'] if action['ScheduledActionName'] == 'weekly'))
try:
    scaling.put_scaling_policy(**target, PolicyName='p', PolicyType='TargetTrackingScaling')
except scaling.exceptions.ClientError as error:
    print(error.response['ResponseMetadata']['HTTPStatusCode'])`;
    expect((await run('python3', ['-c', script], { env })).trim().split('\n')).toEqual(['cron(0 8 ? * MON *)', '501']);
    await until('the schedule went down', 60_000, async () => (await config()).RequestedProvisionedConcurrentExecutions === 1 && true);
    await ready(1);
    const aws = (...args: string[]) =>
      commandLineEnvironment().then((found) =>
        run('python3', ['-m', 'awscli', 'application-autoscaling', ...args, '--service-namespace', 'lambda', '--resource-id', 'function:warm:live', '--scalable-dimension', 'lambda:function:ProvisionedConcurrency'], {
          env: { ...platform.clientEnvironment(), ...found },
        }),
      );
    await aws('put-scheduled-action', '--scheduled-action-name', 'up', '--schedule', `at(${soon(15)})`, '--scalable-target-action', 'MinCapacity=2,MaxCapacity=4');
    await ready(2);
    await aws('deregister-scalable-target');
  }, 120_000);

  it('is there again after a restart of the platform', async () => {
    await platform.kill9();
    await platform.restart();
    client = lambdaClient(platform);
    await until('the loss is noticed', 30_000, async () => (await config()).Status === 'IN_PROGRESS' && true);
    await ready(2);
    expect((await call()).type).toBe('provisioned-concurrency');
  }, 120_000);

  it('ends with its configuration', async () => {
    await client.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName: 'warm', Qualifier: 'live' }));
    expect(await refusal(config())).toMatchObject({ name: 'ProvisionedConcurrencyConfigNotFoundException', status: 404 });
    await until('calls are on demand', 30_000, async () => (await call()).type === 'on-demand' && true);
  }, 60_000);

  it('streams the response of a call', async () => {
    const { EventStream } = await client.send(new InvokeWithResponseStreamCommand({ FunctionName: 'warm', Qualifier: 'live' }));
    const texts: string[] = [];
    for await (const { PayloadChunk, InvokeComplete } of EventStream!) texts.push(PayloadChunk ? Buffer.from(PayloadChunk.Payload!).toString() : JSON.stringify(InvokeComplete));
    expect(texts).toEqual([expect.stringContaining('"type":"on-demand"'), '{}']);
  }, 60_000);
});
