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
    expect(await send('DeleteFunction', { FunctionName: 'wired' })).toEqual({ status: 204, body: undefined });
  });
});
