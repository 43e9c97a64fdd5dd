import { lambdaService } from '@hearth/aws-wire';
import { arnOf, CatalogueFixture, ROLE, zipOf, type Process } from './testing/catalogue-fixture.js';

let fixture: CatalogueFixture;
let hearth: Process;
beforeAll(async () => {
  fixture = await CatalogueFixture.create();
  hearth = fixture.process();
});
afterAll(() => fixture.destroy());

describe('answers on the wire', () => {
  const service = lambdaService();

  /** Calls, encodes by the published model, and checks that the model has every member the handler gave. */
  async function send(name: string, input: Record<string, unknown>): Promise<{ status: number; body: any }> {
    const output = await hearth.call(name, input);
    const { status, body } = service.encode(service.model.operations[name]!, output);
    if (body.length === 0) return { status, body: undefined };
    const decoded = JSON.parse(Buffer.from(body).toString('utf8')) as unknown;
    expect(decoded).toEqual(output);
    return { status, body: decoded };
  }

  async function statusesOfWhatBelongsToIt(): Promise<void> {
    const FunctionName = 'wired';
    const statuses: [operation: string, input: Record<string, unknown>, status: number][] = [
      ['CreateAlias', { FunctionName, Name: 'live', FunctionVersion: '1' }, 201],
      ['GetAlias', { FunctionName, Name: 'live' }, 200],
      ['ListAliases', { FunctionName }, 200],
      ['UpdateAlias', { FunctionName, Name: 'live', Description: 'd' }, 200],
      ['AddPermission', { FunctionName, StatementId: 's', Action: 'lambda:InvokeFunction', Principal: '*' }, 201],
      ['GetPolicy', { FunctionName }, 200],
      ['RemovePermission', { FunctionName, StatementId: 's' }, 204],
      ['PutResourcePolicy', { ResourceArn: arnOf('wired'), Policy: JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: '*', Action: 'lambda:*', Resource: arnOf('wired') }] }) }, 200],
      ['GetResourcePolicy', { ResourceArn: arnOf('wired') }, 200],
      ['DeleteResourcePolicy', { ResourceArn: arnOf('wired') }, 204],
      ['PutFunctionConcurrency', { FunctionName, ReservedConcurrentExecutions: 1 }, 200],
      ['GetFunctionConcurrency', { FunctionName }, 200],
      ['GetFunction', { FunctionName }, 200],
      ['GetAccountSettings', {}, 200],
      ['DeleteFunctionConcurrency', { FunctionName }, 204],
      ['PublishLayerVersion', { LayerName: 'layer', Content: { ZipFile: await zipOf('layer') }, CompatibleRuntimes: ['nodejs22.x'], LicenseInfo: 'MIT' }, 201],
      ['GetLayerVersion', { LayerName: 'layer', VersionNumber: 1 }, 200],
      ['GetLayerVersionByArn', { Arn: 'arn:aws:lambda:us-east-1:123456789012:layer:layer:1' }, 200],
      ['ListLayers', {}, 200],
      ['ListLayerVersions', { LayerName: 'layer' }, 200],
      ['AddLayerVersionPermission', { LayerName: 'layer', VersionNumber: 1, StatementId: 's', Action: 'lambda:GetLayerVersion', Principal: '*' }, 201],
      ['GetLayerVersionPolicy', { LayerName: 'layer', VersionNumber: 1 }, 200],
      ['RemoveLayerVersionPermission', { LayerName: 'layer', VersionNumber: 1, StatementId: 's' }, 204],
      ['UpdateFunctionConfiguration', { FunctionName, Layers: ['arn:aws:lambda:us-east-1:123456789012:layer:layer:1'] }, 200],
      ['DeleteLayerVersion', { LayerName: 'layer', VersionNumber: 1 }, 204],
    ];
    for (const [operation, input, status] of statuses) expect([operation, (await send(operation, input)).status]).toEqual([operation, status]);
    // Their answers have a time, which JSON gives back as seconds.
    for (const [operation, status] of [['PutFunctionEventInvokeConfig', 200], ['UpdateFunctionEventInvokeConfig', 200], ['GetFunctionEventInvokeConfig', 200], ['ListFunctionEventInvokeConfigs', 200], ['DeleteFunctionEventInvokeConfig', 204]] as const) {
      const output = await hearth.call(operation, { FunctionName, MaximumRetryAttempts: 1 });
      const answer = service.encode(service.model.operations[operation]!, output);
      expect([operation, answer.status]).toEqual([operation, status]);
      if (operation === 'GetFunctionEventInvokeConfig') {
        expect(JSON.parse(Buffer.from(answer.body).toString('utf8'))).toEqual({ ...output, LastModified: output.LastModified.getTime() / 1_000 });
      }
    }
  }

  it('have the statuses of the specification and no member the model does not know', async () => {
    const ZipFile = await zipOf('wired');
    const made = await send('CreateFunction', {
      FunctionName: 'wired',
      Runtime: 'nodejs22.x',
      Handler: 'index.handler',
      Role: ROLE,
      Code: { ZipFile },
      Environment: { Variables: { A: 'a' } },
      LoggingConfig: { LogFormat: 'JSON' },
      Tags: { a: 'b' },
    });
    expect(made.status).toBe(201);
    await hearth.settled('wired');
    expect((await send('GetFunction', { FunctionName: arnOf('wired') })).status).toBe(200);
    expect((await send('GetFunctionConfiguration', { FunctionName: 'wired' })).status).toBe(200);
    expect((await send('UpdateFunctionConfiguration', { FunctionName: 'wired', Timeout: 4 })).status).toBe(200);
    await hearth.settled('wired');
    expect((await send('UpdateFunctionCode', { FunctionName: 'wired', ZipFile: await zipOf('rewired') })).status).toBe(200);
    await hearth.settled('wired');
    expect((await send('PublishVersion', { FunctionName: 'wired' })).status).toBe(201);
    expect((await send('ListVersionsByFunction', { FunctionName: 'wired', MaxItems: 1 })).body).toMatchObject({ NextMarker: expect.any(String) });
    expect((await send('ListFunctions', {})).body.Functions).toHaveLength(1);
    expect((await send('ListTags', { Resource: arnOf('wired') })).body).toEqual({ Tags: { a: 'b' } });
    expect((await send('TagResource', { Resource: arnOf('wired'), Tags: { c: 'd' } })).status).toBe(204);
    expect((await send('UntagResource', { Resource: arnOf('wired'), TagKeys: ['c'] })).status).toBe(204);
    await statusesOfWhatBelongsToIt();
    expect(await send('DeleteFunction', { FunctionName: 'wired' })).toEqual({ status: 204, body: undefined });
  });
});
