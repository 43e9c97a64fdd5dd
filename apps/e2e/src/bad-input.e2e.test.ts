import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda';
import { createHash } from 'node:crypto';
import { Database } from '@hearth/database';
import { KeyStore, loadMasterKey, SecretBox } from '@hearth/iam';
import { deploy, invoke, lambdaClient, refusal, ROLE } from './lambda.js';
import { Platform } from './platform.js';
import { zip } from './zip.js';

describe('bad input gets the error of Lambda and changes nothing', () => {
  let platform: Platform;
  let client: LambdaClient;
  let code: Buffer;
  let before: string;

  /** Everything a refused call could have changed. */
  const snapshot = async () =>
    JSON.stringify([
      await platform.query('SELECT * FROM functions ORDER BY id'),
      await platform.query('SELECT * FROM function_versions ORDER BY function_id, version'),
      await platform.query('SELECT * FROM async_events ORDER BY id'),
    ]);

  beforeAll(async () => {
    platform = await Platform.start();
    client = lambdaClient(platform);
    code = await zip({ 'index.js': 'exports.handler = async (event) => event;' });
    await deploy(client, 'kept', code);
    before = await snapshot();
  }, 90_000);
  afterEach(async () => expect(await snapshot()).toBe(before));
  afterAll(() => platform?.stop(), 60_000);

  const create = (changes: Partial<CreateFunctionCommandInput>) =>
    refusal(client.send(new CreateFunctionCommand({ FunctionName: 'bad', Role: ROLE, Runtime: 'nodejs22.x', Handler: 'index.handler', Code: { ZipFile: code }, ...changes } as CreateFunctionCommandInput)));

  const INVALID = { name: 'InvalidParameterValueException', status: 400 };
  const VALIDATION = { name: 'ValidationException', status: 400 };
  const contains = (text: string): string => expect.stringContaining(text) as unknown as string;

  it.each<[string, Partial<CreateFunctionCommandInput>, { name: string; status: number; message?: string }]>([
    ['an unknown runtime', { Runtime: 'cobol85' as never }, { ...INVALID, message: contains("Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [") }],
    ['memory 127', { MemorySize: 127 }, { ...VALIDATION, message: "1 validation error detected: Value '127' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128" }],
    ['timeout 0', { Timeout: 0 }, { ...VALIDATION, message: "1 validation error detected: Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1" }],
    ['timeout 901', { Timeout: 901 }, { name: expect.stringMatching(/^(ValidationException|InvalidParameterValueException)$/) as unknown as string, status: 400, message: contains('imeout') }],
    ['a handler with a blank', { Handler: 'index handler' }, { ...VALIDATION, message: contains("Value 'index handler' at 'handler' failed to satisfy constraint: Member must satisfy regular expression pattern: [^\\s]+") }],
    ['a broken zip', { Code: { ZipFile: Buffer.from('this is no zip') } }, { ...INVALID, message: 'Could not unzip uploaded file. Please check your file, then try to upload again.' }],
    ['a cut off zip', { Code: { ZipFile: Buffer.from('PK\u0003\u0004 cut off') } }, { ...INVALID, message: 'Could not unzip uploaded file. Please check your file, then try to upload again.' }],
    ['a role that is no ARN', { Role: 'admin' }, { ...VALIDATION, message: contains("Value 'admin' at 'role' failed to satisfy constraint") }],
    ['a name of 65 characters', { FunctionName: 'n'.repeat(65) }, { ...INVALID, message: contains('Member must have length less than or equal to 64') }],
    ['a name that exists', { FunctionName: 'kept' }, { name: 'ResourceConflictException', status: 409, message: 'Function already exist: kept' }],
    ['two faults at once', { MemorySize: 1, Timeout: 0 }, { ...VALIDATION, message: expect.stringMatching(/^2 validation errors detected: .*; /) as unknown as string }],
    ['a retired runtime', { Runtime: 'nodejs12.x' }, { ...INVALID, message: contains('The runtime parameter of nodejs12.x is no longer supported for creating or updating AWS Lambda functions.') }],
  ])('CreateFunction: %s', async (_what, changes, expected) => {
    expect(await create(changes)).toMatchObject(expected);
  });

  it('updates with a stale revision, with a bad zip, and of what does not exist', async () => {
    expect(await refusal(client.send(new UpdateFunctionCodeCommand({ FunctionName: 'kept', ZipFile: code, RevisionId: '11111111-2222-4333-8444-555555555555' })))).toMatchObject({ name: 'PreconditionFailedException', status: 412 });
    expect(await refusal(client.send(new UpdateFunctionCodeCommand({ FunctionName: 'kept', ZipFile: Buffer.from('x') })))).toMatchObject(INVALID);
    expect(await refusal(client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'kept', MemorySize: 127 })))).toMatchObject(VALIDATION);
    expect(await refusal(client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'nope', MemorySize: 128 })))).toMatchObject({ name: 'ResourceNotFoundException', status: 404 });
    expect(await refusal(client.send(new GetFunctionConfigurationCommand({ FunctionName: 'kept', Qualifier: '7' })))).toMatchObject({ name: 'ResourceNotFoundException', status: 404 });
  });

  it('members that Hearth does not enforce are refused by name, not stored', async () => {
    const refused = await create({ VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'], Ipv6AllowedForDualStack: true } });
    expect(refused).toMatchObject({ status: 400 });
    expect(refused.message).toMatch(/VpcConfig/i);
  });

  it('Invoke: bad JSON, unknown function, unknown qualifier, unknown invocation type', async () => {
    for (const InvocationType of ['RequestResponse', 'Event'] as const) {
      expect(await refusal(client.send(new InvokeCommand({ FunctionName: 'kept', InvocationType, Payload: Buffer.from('{"a":') })))).toMatchObject({
        name: 'InvalidRequestContentException',
        status: 400,
        message: contains('Could not parse request body into json: Could not parse payload into json: '),
      });
      expect(await refusal(invoke(client, 'nope', {}, { InvocationType }))).toMatchObject({ name: 'ResourceNotFoundException', status: 404, message: contains('Function not found: arn:aws:lambda:us-east-1:000000000000:function:nope') });
    }
    expect(await refusal(invoke(client, 'kept', {}, { Qualifier: '9' }))).toMatchObject({ name: 'ResourceNotFoundException', status: 404, message: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:kept:9' });
    expect(await refusal(invoke(client, 'kept:1', {}, { Qualifier: '2' }))).toMatchObject({ ...INVALID, message: 'The derived qualifier from the function name does not match the specified qualifier.' });
    expect(await refusal(invoke(client, 'kept', {}, { InvocationType: 'Later' as never }))).toMatchObject(VALIDATION);
  });

  it('Invoke: payloads above 6 MB, and above 1 MB for events', async () => {
    const tooLarge = async (bytes: number, type: 'RequestResponse' | 'Event') => {
      const response = await refusal(client.send(new InvokeCommand({ FunctionName: 'kept', InvocationType: type, Payload: Buffer.from(`"${'x'.repeat(bytes - 2)}"`) })));
      expect(response).toMatchObject({ name: expect.stringMatching(/^Request(Entity)?TooLargeException$/) as unknown, status: 413 });
      return response.message;
    };
    expect(await tooLarge(6_291_457, 'RequestResponse')).toBe('6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)');
    expect(await tooLarge(1_048_577, 'Event')).toBe('1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)');
  });

  it('requests without, with wrong and with expired signatures', async () => {
    const unsigned = await fetch(`${platform.endpoint}/2015-03-31/functions`);
    expect([unsigned.status, unsigned.headers.get('x-amzn-errortype')]).toEqual([403, 'MissingAuthenticationTokenException']);
    expect(unsigned.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(unsigned.headers.get('date')).not.toBeNull();

    const wrong = (credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }, extra: { region?: string; systemClockOffset?: number } = {}) =>
      refusal(new LambdaClient({ endpoint: platform.endpoint, region: 'us-east-1', maxAttempts: 1, credentials, ...extra }).send(new ListFunctionsCommand({})));
    expect(await wrong({ ...platform.credentials, secretAccessKey: 'x'.repeat(40) })).toMatchObject({
      name: 'InvalidSignatureException',
      status: 403,
      message: contains('The request signature we calculated does not match the signature you provided.'),
    });
    expect(await wrong({ accessKeyId: 'AKIAUNKNOWNUNKNOWN00', secretAccessKey: 'x'.repeat(40) })).toMatchObject({ name: 'UnrecognizedClientException', status: 403, message: 'The security token included in the request is invalid.' });
    expect(await wrong(platform.credentials, { systemClockOffset: -600_000 })).toMatchObject({ name: 'InvalidSignatureException', status: 403, message: contains('Signature expired: ') });
    expect(await wrong(platform.credentials, { systemClockOffset: 600_000 })).toMatchObject({ name: 'InvalidSignatureException', status: 403, message: contains('Signature not yet current: ') });
    expect(await wrong(platform.credentials, { region: 'eu-west-1' })).toMatchObject({ name: 'InvalidSignatureException', status: 403 });
  });

  it('temporary credentials: expired ones, and such with a wrong token', async () => {
    // The API that hands out temporary keys comes later: this one is made where it will make them.
    const database = new Database({ url: platform.databaseUrl });
    const keys = new KeyStore({ database, secretBox: new SecretBox(await loadMasterKey({ stateDir: platform.stateDir })), onError: () => undefined });
    const temporary = { tokenDigest: createHash('sha256').update('the-token').digest(), expiresAt: new Date(Date.now() - 1_000) };
    const key = await keys.create({ accountId: '000000000000', principalArn: 'arn:aws:iam::000000000000:root', temporary });
    await database.close();
    const call = (sessionToken?: string) =>
      refusal(
        new LambdaClient({ endpoint: platform.endpoint, region: 'us-east-1', maxAttempts: 1, credentials: { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey, sessionToken } }).send(new ListFunctionsCommand({})),
      );
    expect(await call('the-token')).toMatchObject({ name: 'ExpiredTokenException', status: 403, message: 'The security token included in the request is expired' });
    expect(await call('another-token')).toMatchObject({ name: 'UnrecognizedClientException', status: 403, message: 'The security token included in the request is invalid.' });
    expect(await call()).toMatchObject({ name: 'UnrecognizedClientException', status: 403 });
    const wrongToken = refusal(
      new LambdaClient({ endpoint: platform.endpoint, region: 'us-east-1', maxAttempts: 1, credentials: { ...platform.credentials, sessionToken: 'not-a-token' } }).send(new ListFunctionsCommand({})),
    );
    expect(await wrongToken).toMatchObject({ name: 'UnrecognizedClientException', status: 403, message: 'The security token included in the request is invalid.' });
  });

  it('operations that are unknown, and known ones that are not there yet', async () => {
    const { SignatureV4 } = await import('@smithy/signature-v4');
    const { Sha256 } = await import('@aws-crypto/sha256-js');
    const signer = new SignatureV4({ service: 'lambda', region: 'us-east-1', credentials: platform.credentials, sha256: Sha256 });
    const send = async (method: string, path: string) => {
      const url = new URL(path, platform.endpoint);
      const signed = await signer.sign({ method, protocol: 'http:', hostname: url.hostname, port: Number(url.port), path: url.pathname, query: {}, headers: { host: url.host } });
      const response = await fetch(url, { method, headers: signed.headers });
      return [response.status, response.headers.get('x-amzn-errortype')];
    };
    expect(await send('GET', '/2015-03-31/no-such-thing')).toEqual([404, 'UnknownOperationException']);
    expect(await send('GET', '/2025-11-30/capacity-providers')).toEqual([501, 'NotImplementedException']);
  });
});
