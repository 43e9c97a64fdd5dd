import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Sha256 } from '@aws-crypto/sha256-js';
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionCommand,
  DeleteFunctionUrlConfigCommand,
  GetFunctionUrlConfigCommand,
  ListFunctionUrlConfigsCommand,
  UpdateFunctionUrlConfigCommand,
  waitUntilFunctionActiveV2,
  type CreateFunctionUrlConfigCommandInput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { SignatureV4 } from '@smithy/signature-v4';
import { InProcessPlatform, refusal, ROLE, zipOf } from './testing/in-process-platform.js';

const CODE = `
exports.handler = async (event) => {
  const ask = event.queryStringParameters ?? {};
  if (ask.fail) throw new Error('as asked');
  if (ask.hang) await new Promise((resolve) => setTimeout(resolve, 30_000));
  if (ask.answer) return JSON.parse(ask.answer);
  return event;
};`;

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  json: any;
}

let platform: InProcessPlatform;
let lambda: LambdaClient;

beforeAll(async () => {
  platform = await InProcessPlatform.start();
  lambda = platform.lambda();
}, 60_000);
afterAll(() => platform?.stop(), 60_000);

async function deploy(name: string): Promise<void> {
  await lambda.send(new CreateFunctionCommand({ FunctionName: name, Role: ROLE, Runtime: 'nodejs22.x', Handler: 'index.handler', Timeout: 2, Code: { ZipFile: await zipOf({ 'index.js': CODE }) } }));
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { FunctionName: name });
}

/** As consoles and deployment tools do for URLs that anybody may call. */
async function openToAnybody(name: string, Qualifier?: string): Promise<void> {
  const statement = { FunctionName: name, Qualifier, Principal: '*' };
  await lambda.send(new AddPermissionCommand({ ...statement, StatementId: 'url', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' }));
  await lambda.send(new AddPermissionCommand({ ...statement, StatementId: 'invoke', Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true }));
}

/** @returns the URL's id */
async function open(name: string, more: Partial<CreateFunctionUrlConfigCommandInput> = {}): Promise<string> {
  const { FunctionUrl, AuthType } = await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName: name, AuthType: 'NONE', ...more }));
  if (AuthType === 'NONE') await openToAnybody(name, more.Qualifier);
  return /^http:\/\/([a-z0-9]{32})\.lambda-url\.us-east-1\.localhost:\d+\/$/.exec(FunctionUrl!)![1]!;
}

/** Real HTTP, with the Host header that a browser would send. */
function send(urlId: string, path = '/', options: { method?: string; headers?: Record<string, string>; body?: string | Buffer; host?: string } = {}): Promise<Answer> {
  const { hostname, port } = new URL(platform.ingress);
  const headers = { host: options.host ?? `${urlId}.lambda-url.us-east-1.localhost:${port}`, ...options.headers };
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ hostname, port, path, method: options.method ?? 'GET', headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        resolve({ status: response.statusCode!, headers: response.headers, text, json: response.headers['content-type'] === 'application/json' && /^[{[]/.test(text) ? JSON.parse(text) : undefined });
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
    if (options.headers?.['expect'] === undefined) sent.end(options.body);
    else sent.flushHeaders();
  });
}

/** Signed as curl --aws-sigv4 and the SDKs' signers do. */
async function signed(urlId: string, path: string, options: { method?: string; body?: string; secretAccessKey?: string; service?: string } = {}): Promise<Record<string, string>> {
  const { port } = new URL(platform.ingress);
  const signer = new SignatureV4({
    service: options.service ?? 'lambda',
    region: 'us-east-1',
    credentials: { ...platform.credentials, ...(options.secretAccessKey === undefined ? {} : { secretAccessKey: options.secretAccessKey }) },
    sha256: Sha256,
  });
  const [pathname, query = ''] = path.split('?') as [string, string?];
  const { headers } = await signer.sign({
    method: options.method ?? 'GET',
    protocol: 'http:',
    hostname: `${urlId}.lambda-url.us-east-1.localhost`,
    path: pathname,
    query: Object.fromEntries(new URLSearchParams(query)),
    headers: { host: `${urlId}.lambda-url.us-east-1.localhost:${port}` },
    body: options.body,
  });
  return headers;
}

describe('configuration of function URLs', () => {
  beforeAll(() => deploy('configured'));

  it('is created, read, changed, listed and deleted as on Lambda', async () => {
    const Cors = { AllowOrigins: ['https://a.example'], AllowMethods: ['GET'], MaxAge: 5 };
    const made = await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName: 'configured', AuthType: 'AWS_IAM', Cors }));
    const { $metadata, ...answer } = made;
    expect($metadata.httpStatusCode).toBe(201);
    expect(answer).toEqual({
      FunctionUrl: expect.stringMatching(/^http:\/\/[a-z0-9]{32}\.lambda-url\.us-east-1\.localhost:\d+\/$/),
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:configured',
      AuthType: 'AWS_IAM',
      Cors,
      CreationTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
    });
    const { $metadata: _, ...read } = await lambda.send(new GetFunctionUrlConfigCommand({ FunctionName: 'configured' }));
    expect(read).toEqual({ ...answer, LastModifiedTime: answer.CreationTime, InvokeMode: 'BUFFERED' });

    const changed = await lambda.send(new UpdateFunctionUrlConfigCommand({ FunctionName: 'configured', AuthType: 'NONE' }));
    expect(changed).toMatchObject({ FunctionUrl: answer.FunctionUrl, AuthType: 'NONE', Cors });
    const bare = await lambda.send(new UpdateFunctionUrlConfigCommand({ FunctionName: 'configured', Cors: {} }));
    expect(bare).not.toHaveProperty('Cors');

    const { FunctionUrlConfigs, NextMarker } = await lambda.send(new ListFunctionUrlConfigsCommand({ FunctionName: 'configured' }));
    expect(FunctionUrlConfigs).toEqual([expect.objectContaining({ FunctionUrl: answer.FunctionUrl, AuthType: 'NONE' })]);
    expect(NextMarker).toBeUndefined();

    const removed = await lambda.send(new DeleteFunctionUrlConfigCommand({ FunctionName: 'configured' }));
    expect(removed.$metadata.httpStatusCode).toBe(204);
    const missing = { name: 'ResourceNotFoundException', status: 404, message: 'The resource you requested does not exist.' };
    expect(await refusal(lambda.send(new GetFunctionUrlConfigCommand({ FunctionName: 'configured' })))).toEqual(missing);
    expect(await refusal(lambda.send(new UpdateFunctionUrlConfigCommand({ FunctionName: 'configured' })))).toEqual(missing);
    expect(await refusal(lambda.send(new DeleteFunctionUrlConfigCommand({ FunctionName: 'configured' })))).toEqual(missing);
  });

  it('exists once for a function', async () => {
    await open('configured');
    expect(await refusal(open('configured'))).toEqual({
      name: 'ResourceConflictException',
      status: 409,
      message: 'Failed to create function url config for [functionArn = arn:aws:lambda:us-east-1:000000000000:function:configured]. Error message:  FunctionUrlConfig exists for this Lambda function',
    });
  });

  it('shows InvokeMode when it was given', async () => {
    await deploy('modes');
    expect((await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName: 'modes', AuthType: 'NONE', InvokeMode: 'BUFFERED' }))).InvokeMode).toBe('BUFFERED');
  });

  it('refuses unknown functions, versions as qualifiers, and CORS settings that are none', async () => {
    expect(await refusal(open('nobody'))).toEqual({ name: 'ResourceNotFoundException', status: 404, message: 'Function does not exist' });
    expect(await refusal(lambda.send(new ListFunctionUrlConfigsCommand({ FunctionName: 'nobody' })))).toEqual({ name: 'ResourceNotFoundException', status: 404, message: 'Function does not exist' });
    expect(await refusal(open('configured', { Qualifier: 'no-alias' }))).toMatchObject({ name: 'ResourceNotFoundException', status: 404 });
    for (const Qualifier of ['1', '$LATEST']) expect(await refusal(open('configured', { Qualifier }))).toMatchObject({ name: 'ValidationException', status: 400 });
    expect(await refusal(open('configured', { Cors: { AllowMethods: ['BREW'] } }))).toMatchObject({ name: 'InvalidParameterValueException', status: 400 });
    expect(await refusal(open('configured', { Cors: { AllowOrigins: ['example.com'] } }))).toMatchObject({ name: 'InvalidParameterValueException', status: 400 });
    expect(await refusal(open('configured', { Cors: { MaxAge: 86_401 } }))).toMatchObject({ name: 'ValidationException', status: 400 });
    expect(await refusal(lambda.send(new ListFunctionUrlConfigsCommand({ FunctionName: 'configured', Marker: 'x' })))).toMatchObject({ name: 'InvalidParameterValueException', status: 400 });
  });
});

describe('a function URL', () => {
  let urlId: string;
  beforeAll(async () => {
    await deploy('served');
    urlId = await open('served');
  });

  it('gives the function the request as a 2.0 event and answers with what it returns', async () => {
    const { status, headers, json } = await send(urlId, '/orders/a%20b?x=1&x=2', { method: 'POST', headers: { 'content-type': 'application/json', cookie: 'a=1; b=2', 'x-forwarded-for': '9.9.9.9' }, body: '{"n":1}' });
    expect(status).toBe(200);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-amzn-requestid': expect.stringMatching(/^[0-9a-f-]{36}$/), 'x-amzn-trace-id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/), date: expect.any(String) });
    expect(json).toMatchObject({
      version: '2.0',
      rawPath: '/orders/a b',
      rawQueryString: 'x=1&x=2',
      queryStringParameters: { x: '1,2' },
      cookies: ['a=1', 'b=2'],
      headers: { 'x-forwarded-for': '9.9.9.9, 127.0.0.1', 'x-forwarded-proto': 'http' },
      body: '{"n":1}',
      isBase64Encoded: false,
      requestContext: { accountId: 'anonymous', apiId: urlId, domainName: `${urlId}.lambda-url.us-east-1.localhost`, requestId: headers['x-amzn-requestid'], http: { method: 'POST', path: '/orders/a b', sourceIp: '127.0.0.1' } },
    });
    expect(json.requestContext).not.toHaveProperty('authorizer');
  });

  it('is also reached by a path, for clients without wildcard DNS', async () => {
    const { port } = new URL(platform.ingress);
    const answer = await fetch(`${platform.ingress}/_url/${urlId}/hello?a=b`);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ rawPath: '/hello', rawQueryString: 'a=b', headers: { host: `127.0.0.1:${port}` } });
    expect(await (await fetch(`${platform.ingress}/_url/${urlId}`)).json()).toMatchObject({ rawPath: '/' });
  });

  it('hands binary through in both directions', async () => {
    const bytes = Buffer.from([0, 1, 2, 253, 254, 255]);
    const { json } = await send(urlId, '/', { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body: bytes });
    expect(json).toMatchObject({ isBase64Encoded: true, body: bytes.toString('base64') });
    const answer = JSON.stringify({ statusCode: 200, headers: { 'content-type': 'image/png' }, isBase64Encoded: true, body: bytes.toString('base64') });
    const response = await fetch(`${platform.ingress}/_url/${urlId}/?answer=${encodeURIComponent(answer)}`);
    expect(response.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);
  });

  const returning = (value: unknown) => send(urlId, `/?answer=${encodeURIComponent(JSON.stringify(value))}`);

  it('maps structured answers with cookies, and plain ones', async () => {
    const structured = await returning({ statusCode: 418, headers: { 'X-Tea': 'pot', 'content-type': 'text/plain' }, cookies: ['a=1', 'b=2; Path=/'], body: 'short' });
    expect(structured).toMatchObject({ status: 418, text: 'short', headers: { 'x-tea': 'pot', 'content-type': 'text/plain', 'set-cookie': ['a=1', 'b=2; Path=/'], 'content-length': '5' } });
    expect(await returning('hello')).toMatchObject({ status: 200, text: 'hello', headers: { 'content-type': 'application/json' } });
    expect(await returning([1])).toMatchObject({ status: 200, text: '[1]' });
    const empty = await returning({ statusCode: 204 });
    expect(empty).toMatchObject({ status: 204, text: '' });
    expect(empty.headers).not.toHaveProperty('content-length');
  });

  it('answers HEAD without a body', async () => {
    const { status, headers, text } = await send(urlId, '/', { method: 'HEAD' });
    expect({ status, text }).toEqual({ status: 200, text: '' });
    expect(Number(headers['content-length'])).toBeGreaterThan(100);
  });

  it.each([
    ['a function error', '/?fail=1'],
    ['a timeout', '/?hang=1'],
    ['a malformed answer', `/?answer=${encodeURIComponent('{"statusCode":"x"}')}`],
  ])('answers 502 for %s', async (_what, path) => {
    const { status, text, headers } = await send(urlId, path);
    expect({ status, text }).toEqual({ status: 502, text: 'Internal Server Error' });
    expect(headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('takes 6 MB and no more, whether or not the sender says how much comes', async () => {
    const limit = 6_291_456;
    expect(await send(urlId, '/?answer=1', { method: 'POST', headers: { 'content-type': 'text/plain' }, body: 'a'.repeat(limit - 4_096) })).toMatchObject({ status: 200, text: '1' });
    const refused = { status: 413, json: { Message: 'Request must be smaller than 6291456 bytes for the InvokeFunction operation' } };
    // Asks first, as curl does for large bodies: the refusal comes before the body is sent.
    expect(await send(urlId, '/', { method: 'POST', headers: { 'content-length': String(limit + 1), expect: '100-continue' } })).toMatchObject(refused);
    expect(await send(urlId, '/', { method: 'POST', headers: { 'transfer-encoding': 'chunked', 'content-type': 'text/plain' }, body: 'a'.repeat(limit) })).toMatchObject(refused);
  });

  it('unknown, of another region or without an id is 403 with a null message', async () => {
    const nobody = 'z'.repeat(32);
    for (const answer of [await send(nobody), await send(urlId, '/', { host: `${urlId}.lambda-url.eu-west-1.localhost` }), await send(urlId, '/', { host: 'localhost' })]) {
      expect(answer).toMatchObject({ status: 403, text: '{"Message":null}', headers: { 'x-amzn-errortype': 'AccessDeniedException', 'content-type': 'application/json' } });
    }
  });

  it('is gone as soon as it or its function is deleted', async () => {
    await deploy('short-lived');
    const first = await open('short-lived');
    expect((await send(first, '/?answer=1')).text).toBe('1');
    await lambda.send(new DeleteFunctionUrlConfigCommand({ FunctionName: 'short-lived' }));
    expect((await send(first)).status).toBe(403);
    const { FunctionUrl } = await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName: 'short-lived', AuthType: 'NONE' }));
    const second = new URL(FunctionUrl!).hostname.split('.')[0]!;
    expect((await send(second, '/?answer=2')).text).toBe('2');
    await lambda.send(new DeleteFunctionCommand({ FunctionName: 'short-lived' }));
    expect(await send(second)).toMatchObject({ status: 403, text: '{"Message":null}' });
  });
});

describe('AuthType AWS_IAM', () => {
  let urlId: string;
  const forbidden = { Message: 'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html' };
  beforeAll(async () => {
    await deploy('guarded');
    urlId = await open('guarded', { AuthType: 'AWS_IAM' });
  });

  it('runs signed requests and tells the function who called', async () => {
    const body = '{"a":1}';
    const headers = await signed(urlId, '/x?b=2&a=1', { method: 'POST', body });
    const { status, json } = await send(urlId, '/x?b=2&a=1', { method: 'POST', headers, body });
    expect(status).toBe(200);
    expect(json.requestContext).toMatchObject({
      accountId: '000000000000',
      authorizer: { iam: { accessKey: platform.credentials.accessKeyId, accountId: '000000000000', callerId: '000000000000', userArn: 'arn:aws:iam::000000000000:root', userId: '000000000000', cognitoIdentity: null, principalOrgId: null } },
    });
    expect(json.headers).not.toHaveProperty('authorization');
  });

  it('refuses what is not signed, signed otherwise, or changed on the way', async () => {
    expect(await send(urlId)).toMatchObject({ status: 403, json: forbidden, headers: { 'x-amzn-errortype': 'AccessDeniedException' } });
    expect(await send(urlId, '/', { headers: await signed(urlId, '/', { secretAccessKey: 'x'.repeat(40) }) })).toMatchObject({ status: 403, headers: { 'x-amzn-errortype': 'InvalidSignatureException' } });
    expect(await send(urlId, '/', { headers: await signed(urlId, '/', { service: 's3' }) })).toMatchObject({ status: 403, headers: { 'x-amzn-errortype': 'InvalidSignatureException' } });
    expect(await send(urlId, '/other', { headers: await signed(urlId, '/') })).toMatchObject({ status: 403 });
    const headers = await signed(urlId, '/', { method: 'POST', body: '1' });
    expect(await send(urlId, '/', { method: 'POST', headers, body: '2' })).toMatchObject({ status: 403, headers: { 'x-amzn-errortype': 'InvalidSignatureException' } });
  });

  it('does not ask for a signature any more once it is NONE, and does again', async () => {
    await lambda.send(new UpdateFunctionUrlConfigCommand({ FunctionName: 'guarded', AuthType: 'NONE' }));
    expect(await send(urlId, '/?answer=1')).toMatchObject({ status: 403, json: forbidden });
    await openToAnybody('guarded');
    expect((await send(urlId, '/?answer=1')).status).toBe(200);
    await lambda.send(new UpdateFunctionUrlConfigCommand({ FunctionName: 'guarded', AuthType: 'AWS_IAM' }));
    expect((await send(urlId, '/?answer=1')).status).toBe(403);
  });
});

describe('CORS', () => {
  let urlId: string;
  const origin = 'https://app.example';
  beforeAll(async () => {
    await deploy('shared');
    urlId = await open('shared', { AuthType: 'AWS_IAM', Cors: { AllowOrigins: [origin], AllowMethods: ['PUT'], AllowHeaders: ['x-a'], ExposeHeaders: ['x-b'], AllowCredentials: true, MaxAge: 60 } });
  });

  it('answers preflight requests itself, unsigned', async () => {
    const { status, headers, text } = await send(urlId, '/', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-a' } });
    expect({ status, text }).toEqual({ status: 200, text: '' });
    expect(headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-a',
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '60',
    });
    const other = await send(urlId, '/', { method: 'OPTIONS', headers: { origin: 'https://evil.example', 'access-control-request-method': 'PUT' } });
    expect(other.status).toBe(200);
    expect(Object.keys(other.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  it('speaks for the function in every answer, refusals too', async () => {
    const path = `/?answer=${encodeURIComponent(JSON.stringify({ statusCode: 200, headers: { 'Access-Control-Allow-Origin': '*', 'x-b': '1', Vary: 'Accept' }, body: 'ok' }))}`;
    const { headers, text } = await send(urlId, path, { headers: { ...(await signed(urlId, path)), origin } });
    expect(text).toBe('ok');
    expect(headers).toMatchObject({ 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', 'access-control-expose-headers': 'x-b', vary: 'Accept, Origin' });
    expect((await send(urlId, '/', { headers: { origin } })).headers).toMatchObject({ 'access-control-allow-origin': origin });
    expect((await send(urlId, path, { headers: await signed(urlId, path) })).headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('without settings is the function’s own business', async () => {
    await deploy('unshared');
    const plain = await open('unshared');
    const { json } = await send(plain, '/', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } });
    expect(json.requestContext.http.method).toBe('OPTIONS');
    const path = `/?answer=${encodeURIComponent(JSON.stringify({ statusCode: 200, headers: { 'Access-Control-Allow-Origin': '*' } }))}`;
    expect((await send(plain, path, { headers: { origin } })).headers).toMatchObject({ 'access-control-allow-origin': '*' });
  });
});
