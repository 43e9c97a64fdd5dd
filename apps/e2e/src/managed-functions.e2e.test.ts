import { join } from 'node:path';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  AddLayerVersionPermissionCommand,
  AddPermissionCommand,
  CreateAliasCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteLayerVersionCommand,
  GetFunctionCommand,
  GetLayerVersionByArnCommand,
  GetPolicyCommand,
  InvokeCommand,
  LambdaClient,
  paginateListAliases,
  paginateListLayerVersions,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  RemovePermissionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { projectRoot } from '@hearth/kernel';
import { deploy, invoke, lambdaClient, refusal, untilUpdated } from './lambda.js';
import { Platform } from './platform.js';
import { run } from './run.js';
import { until } from './until.js';
import { zip } from './zip.js';

const ACCOUNT = '000000000000';
const TENANT = '111122223333';
/** A change of policies is effective everywhere within this time. */
const EFFECTIVE_MS = 1_000;

describe('aliases, resource policies, concurrency and layers, with the client of the AWS SDK', () => {
  let platform: Platform;
  let lambda: LambdaClient;
  beforeAll(async () => {
    platform = await Platform.start();
    lambda = lambdaClient(platform);
  }, 90_000);
  afterAll(async () => {
    lambda?.destroy();
    await platform?.stop();
  }, 60_000);

  /** Versions 1 and 2, which answer with their number. */
  async function deployTwice(name: string): Promise<void> {
    await deploy(lambda, name, 'exports.handler = async () => 1;');
    await lambda.send(new PublishVersionCommand({ FunctionName: name }));
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: await zip({ 'index.js': 'exports.handler = async () => 2;' }) }));
    await untilUpdated(lambda, name);
    await lambda.send(new PublishVersionCommand({ FunctionName: name }));
  }

  it('a weighted alias sends invocations to both versions, and tells which ran', async () => {
    await deployTwice('shifted');
    const { RevisionId } = await lambda.send(new CreateAliasCommand({ FunctionName: 'shifted', Name: 'live', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { '2': 0.5 } } }));
    const answers = [];
    for (let index = 0; index < 100; index++) answers.push(await invoke(lambda, 'shifted', {}, { Qualifier: 'live' }));
    for (const { text, version } of answers) expect(text).toBe(version);
    // Chance fails this once in 10^29 runs.
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(['1', '2']));
    await lambda.send(new UpdateAliasCommand({ FunctionName: 'shifted', Name: 'live', FunctionVersion: '2', RoutingConfig: { AdditionalVersionWeights: {} }, RevisionId }));
    for (let index = 0; index < 10; index++) expect((await invoke(lambda, 'shifted:live')).version).toBe('2');
    expect((await refusal(lambda.send(new UpdateAliasCommand({ FunctionName: 'shifted', Name: 'live', RevisionId })))).name).toBe('PreconditionFailedException');
    for (const Name of ['a', 'b', 'c']) await lambda.send(new CreateAliasCommand({ FunctionName: 'shifted', Name, FunctionVersion: '1' }));
    const names = [];
    for await (const { Aliases } of paginateListAliases({ client: lambda, pageSize: 2 }, { FunctionName: 'shifted' })) names.push(...Aliases!.map(({ Name }) => Name));
    expect(names).toEqual(['a', 'b', 'c', 'live']);
  }, 60_000);

  it('a resource policy lets a user in who has no policy, to what it names only, until it is taken back', async () => {
    await deployTwice('opened');
    await lambda.send(new CreateAliasCommand({ FunctionName: 'opened', Name: 'live', FunctionVersion: '1' }));
    const iam = new IAMClient({ endpoint: platform.endpoint, region: 'us-east-1', credentials: platform.credentials });
    await iam.send(new CreateUserCommand({ UserName: 'guest' }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'guest' }));
    const guest = new LambdaClient({ endpoint: platform.endpoint, region: 'us-east-1', credentials: { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! }, maxAttempts: 1 });
    const opens = (name: string) => guest.send(new InvokeCommand({ FunctionName: name })).then(() => true, () => false);
    try {
      expect(await opens('opened:live')).toBe(false);
      await lambda.send(new AddPermissionCommand({ FunctionName: 'opened', Qualifier: 'live', StatementId: 'guest', Action: 'lambda:InvokeFunction', Principal: `arn:aws:iam::${ACCOUNT}:user/guest` }));
      await until('the grant is effective', EFFECTIVE_MS, () => opens('opened:live'));
      expect(await refusal(guest.send(new InvokeCommand({ FunctionName: 'opened' })))).toMatchObject({ name: 'AccessDeniedException', status: 403 });
      expect(await refusal(guest.send(new GetPolicyCommand({ FunctionName: 'opened', Qualifier: 'live' })))).toMatchObject({ status: 403 });
      await lambda.send(new RemovePermissionCommand({ FunctionName: 'opened', Qualifier: 'live', StatementId: 'guest' }));
      await until('it is taken back', EFFECTIVE_MS, async () => !(await opens('opened:live')));
    } finally {
      guest.destroy();
      iam.destroy();
    }
  }, 60_000);

  it('another account may invoke what a resource policy opens for it, and no more', async () => {
    await deploy(lambda, 'lent', 'exports.handler = async (event, { invokedFunctionArn }) => invokedFunctionArn;');
    await deploy(lambda, 'kept', 'exports.handler = async () => "secret";');
    const printed = await run(process.execPath, [join(projectRoot(), 'dist/apps/cli/src/main.js'), 'admin', 'account', 'create', 'tenant', TENANT], {
      env: { ...process.env, DATABASE_URL: platform.databaseUrl, HEARTH_STATE_DIR: platform.stateDir },
    });
    const [, accessKeyId, secretAccessKey] = /access key id +(\S+)\s+secret access key +(\S+)/.exec(printed)!;
    const tenant = new LambdaClient({ endpoint: platform.endpoint, region: 'us-east-1', credentials: { accessKeyId: accessKeyId!, secretAccessKey: secretAccessKey! }, maxAttempts: 1 });
    const arn = (name: string) => `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${name}`;
    try {
      expect(await refusal(tenant.send(new InvokeCommand({ FunctionName: arn('lent') })))).toMatchObject({ name: 'AccessDeniedException', status: 403 });
      await lambda.send(new AddPermissionCommand({ FunctionName: 'lent', StatementId: 'tenant', Action: 'lambda:InvokeFunction', Principal: TENANT }));
      await until('the grant is effective', EFFECTIVE_MS, () => invoke(tenant, arn('lent')).then(({ text }) => text === JSON.stringify(arn('lent')), () => false));
      expect(await refusal(tenant.send(new InvokeCommand({ FunctionName: arn('kept') })))).toMatchObject({ name: 'AccessDeniedException', status: 403 });
      expect(await refusal(tenant.send(new InvokeCommand({ FunctionName: arn('absent') })))).toMatchObject({ name: 'AccessDeniedException', status: 403 });
      expect(await refusal(tenant.send(new GetFunctionCommand({ FunctionName: arn('lent') })))).toMatchObject({ name: 'AccessDeniedException', status: 403 });
      expect(await refusal(tenant.send(new InvokeCommand({ FunctionName: 'lent' })))).toMatchObject({ name: 'ResourceNotFoundException', status: 404 });

      const { LayerVersionArn } = await lambda.send(new PublishLayerVersionCommand({ LayerName: 'lent', Content: { ZipFile: await zip({ a: 'b' }) } }));
      expect(await refusal(tenant.send(new GetLayerVersionByArnCommand({ Arn: LayerVersionArn })))).toMatchObject({ name: 'AccessDeniedException', status: 403 });
      await lambda.send(new AddLayerVersionPermissionCommand({ LayerName: 'lent', VersionNumber: 1, StatementId: 'tenant', Action: 'lambda:GetLayerVersion', Principal: TENANT }));
      expect(await tenant.send(new GetLayerVersionByArnCommand({ Arn: LayerVersionArn }))).toMatchObject({ LayerVersionArn });
      expect(await refusal(tenant.send(new DeleteLayerVersionCommand({ LayerName: `arn:aws:lambda:us-east-1:${ACCOUNT}:layer:lent`, VersionNumber: 1 })))).toMatchObject({ status: 403 });
    } finally {
      tenant.destroy();
    }
  }, 60_000);

  it('reserved concurrency 0 switches a function off', async () => {
    await deploy(lambda, 'off', 'exports.handler = async () => "on";');
    await lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: 'off', MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 }));
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: 'off', ReservedConcurrentExecutions: 0 }));
    const throttled = await lambda.send(new InvokeCommand({ FunctionName: 'off' })).catch((error: unknown) => error);
    expect(throttled).toMatchObject({ name: 'TooManyRequestsException', message: 'Rate Exceeded.', Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded', $metadata: { httpStatusCode: 429 } });
    expect((await lambda.send(new GetFunctionCommand({ FunctionName: 'off' }))).Concurrency).toEqual({ ReservedConcurrentExecutions: 0 });
    expect(await invoke(lambda, 'off', {}, { InvocationType: 'Event' })).toMatchObject({ status: 202 });
    await lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName: 'off' }));
    expect((await invoke(lambda, 'off')).text).toBe('"on"');
  }, 60_000);

  it('a function finds its layers in /opt, even when the version is deleted', async () => {
    const { LayerVersionArn } = await lambda.send(
      new PublishLayerVersionCommand({ LayerName: 'greetings', Content: { ZipFile: await zip({ 'nodejs/node_modules/greeting/index.js': 'exports.text = "from the layer";' }) }, CompatibleRuntimes: ['nodejs22.x'] }),
    );
    await deploy(lambda, 'layered', 'exports.handler = async () => require("greeting").text;', { Layers: [LayerVersionArn!] });
    const { Content } = await lambda.send(new GetLayerVersionByArnCommand({ Arn: LayerVersionArn }));
    const downloaded = await fetch(Content!.Location!);
    expect((await downloaded.arrayBuffer()).byteLength).toBe(Content!.CodeSize);
    await lambda.send(new DeleteLayerVersionCommand({ LayerName: 'greetings', VersionNumber: 1 }));
    expect((await invoke(lambda, 'layered')).text).toBe('"from the layer"');
    const versions = [];
    for await (const page of paginateListLayerVersions({ client: lambda }, { LayerName: 'greetings' })) versions.push(...page.LayerVersions!);
    expect(versions).toEqual([]);
  }, 60_000);
});
