import { AddLayerVersionPermissionCommand, CreateFunctionCommand, GetLayerVersionByArnCommand, GetLayerVersionCommand, LambdaClient, PublishLayerVersionCommand, RemoveLayerVersionPermissionCommand, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { accountRootArn, createAccount } from '@hearth/iam';
import { ACCOUNT, endpointFixture, type EndpointFixture } from './testing/endpoint-fixture.js';
import { refusal, zipOf } from './testing/in-process-platform.js';

/* Layers of another account: the guard alone decides, by the policy of the layer version. The catalogue reads what it is asked for. */

const STRANGER = '999999999999';
const layerArn = (name: string) => `arn:aws:lambda:us-east-1:${ACCOUNT}:layer:${name}`;

let hearth: EndpointFixture;
let owner: LambdaClient;
let stranger: LambdaClient;
let ZipFile: Buffer;

beforeAll(async () => {
  hearth = await endpointFixture();
  await createAccount(hearth.database, hearth.keyStore, { accountId: STRANGER, name: 'stranger' });
  const options = { endpoint: hearth.endpoint, region: 'us-east-1', maxAttempts: 1 };
  const credentials = await hearth.keyStore.create({ accountId: STRANGER, principalArn: accountRootArn(STRANGER) });
  owner = new LambdaClient({ ...options, credentials: hearth.key });
  stranger = new LambdaClient({ ...options, credentials });
  const iam = new IAMClient({ ...options, credentials });
  await iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] }) }));
  iam.destroy();
  ZipFile = await zipOf({ 'index.js': 'exports.handler = async () => 1;' });
  for (const LayerName of ['private', 'shared', 'public', 'organized']) await owner.send(new PublishLayerVersionCommand({ LayerName, Content: { ZipFile } }));
  await stranger.send(new CreateFunctionCommand({ ...functionInput('user') }));
}, 60_000);
afterAll(async () => {
  owner?.destroy();
  stranger?.destroy();
  await hearth?.close();
});

const functionInput = (FunctionName: string, Layers?: string[]) => ({ FunctionName, Runtime: 'nodejs22.x' as const, Handler: 'index.handler', Role: `arn:aws:iam::${STRANGER}:role/r`, Code: { ZipFile }, Layers });

/** Everything by which somebody gets at a layer version. */
const ways: Record<string, (arn: string, version: number) => Promise<unknown>> = {
  GetLayerVersion: (LayerName, VersionNumber) => stranger.send(new GetLayerVersionCommand({ LayerName, VersionNumber })),
  GetLayerVersionByArn: (arn, version) => stranger.send(new GetLayerVersionByArnCommand({ Arn: `${arn}:${version}` })),
  CreateFunction: (arn, version) => stranger.send(new CreateFunctionCommand(functionInput(`f${Math.random().toString(36).slice(2)}`, [`${arn}:${version}`]))),
  UpdateFunctionConfiguration: (arn, version) => stranger.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'user', Layers: [`${arn}:${version}`] })),
};
const share = (LayerName: string, Principal: string, OrganizationId?: string) =>
  owner.send(new AddLayerVersionPermissionCommand({ LayerName, VersionNumber: 1, StatementId: 's', Action: 'lambda:GetLayerVersion', Principal, OrganizationId }));

describe.each(Object.entries(ways))('a layer of another account, by %s', (_name, get) => {
  const denied = (arn: string) => ({ name: 'AccessDeniedException', status: 403, message: expect.stringContaining(`is not authorized to perform: lambda:GetLayerVersion on resource: ${arn}`) });

  it('is denied while it is not shared, whether it exists or not', async () => {
    for (const arn of [layerArn('private'), layerArn('nope')]) expect(await refusal(get(arn, 1))).toMatchObject(denied(`${arn}:1`));
    expect(await refusal(get(layerArn('private'), 2))).toMatchObject(denied(`${layerArn('private')}:2`));
  });

  it('is denied when it is shared with an organization: there are none here', async () => {
    await share('organized', '*', 'o-1234567890');
    expect(await refusal(get(layerArn('organized'), 1))).toMatchObject(denied(`${layerArn('organized')}:1`));
    await owner.send(new RemoveLayerVersionPermissionCommand({ LayerName: 'organized', VersionNumber: 1, StatementId: 's' }));
  });

  it.each([
    ['shared', STRANGER],
    ['public', '*'],
  ])('is there while it is %s, and only then', async (layer, principal) => {
    await share(layer, principal);
    await get(layerArn(layer), 1);
    await owner.send(new RemoveLayerVersionPermissionCommand({ LayerName: layer, VersionNumber: 1, StatementId: 's' }));
    expect(await refusal(get(layerArn(layer), 1))).toMatchObject(denied(`${layerArn(layer)}:1`));
  });
});
