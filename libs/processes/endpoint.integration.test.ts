import { createHash } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Sha256 } from '@aws-crypto/sha256-js';
import { CreateRoleCommand, CreateUserCommand, GetUserCommand, IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import {
  CreateFunctionCommand, DeleteFunctionCommand, GetFunctionCommand, InvokeCommand, LambdaClient, ListFunctionsCommand, ListTagsCommand, TagResourceCommand, waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import { ZipFile } from 'yazl';
import { ACCOUNT, endpointFixture, type EndpointFixture } from './testing/endpoint-fixture.js';

const TRUST = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] });

let hearth: EndpointFixture;
let lambda: LambdaClient;
let iam: IAMClient;
let sts: STSClient;

beforeAll(async () => {
  hearth = await endpointFixture();
  const options = { endpoint: hearth.endpoint, region: 'us-east-1', credentials: hearth.key, maxAttempts: 1 };
  lambda = new LambdaClient(options);
  iam = new IAMClient(options);
  sts = new STSClient(options);
  await iam.send(new CreateRoleCommand({ RoleName: 'app', AssumeRolePolicyDocument: TRUST }));
  const code = await zipOf('exports.handler = async (event) => event;');
  await lambda.send(new CreateFunctionCommand({ FunctionName: 'echo', Runtime: 'nodejs22.x', Handler: 'index.handler', Role: `arn:aws:iam::${ACCOUNT}:role/app`, Code: { ZipFile: code } }));
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 20, minDelay: 1 }, { FunctionName: 'echo' });
});
afterAll(async () => {
  for (const client of [lambda, iam, sts]) client?.destroy();
  await hearth?.close();
});

function zipOf(text: string): Promise<Buffer> {
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(text), 'index.js');
  zip.end();
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    zip.outputStream.on('data', (part: Buffer) => parts.push(part)).on('end', () => resolve(Buffer.concat(parts))).on('error', reject);
  });
}

interface Plan {
  method: string;
  path: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: string;
  service?: string;
}

interface Wire {
  method: string;
  target: string;
  /** Names and values in turn. */
  headers: string[];
  body: string;
}

const INVOKE: Plan = { method: 'POST', path: '/2015-03-31/functions/echo/invocations', headers: { 'x-amz-invocation-type': 'RequestResponse' }, body: '{"a":1}' };

async function sign({ method, path, query = {}, headers = {}, body = '', service = 'lambda' }: Plan, form: 'header' | 'query' = 'header'): Promise<Wire> {
  const { host } = new URL(hearth.endpoint);
  const signer = new SignatureV4({ service, region: 'us-east-1', sha256: Sha256, credentials: hearth.key });
  const plain = { method, protocol: 'http:', hostname: '127.0.0.1', path, query, headers: { host, ...headers }, body };
  const signed = form === 'query' ? await signer.presign(plain, { expiresIn: 60 }) : await signer.sign(plain);
  const text = Object.entries(signed.query ?? {}).map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`).join('&');
  return { method, target: text === '' ? path : `${path}?${text}`, headers: Object.entries(signed.headers).flat(), body };
}

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** @param chunked the body's length is not told beforehand */
function send({ method, target, headers, body }: Wire, chunked = false): Promise<Answer> {
  const { hostname, port } = new URL(hearth.endpoint);
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({ hostname, port, method, path: target, headers: [...headers, ...(chunked ? ['transfer-encoding', 'chunked'] : ['content-length', String(Buffer.byteLength(body))])], setHost: false, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part)).on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts).toString() }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const withHeader = (wire: Wire, name: string, change: (value: string) => string | undefined): Wire => {
  const headers: string[] = [];
  for (let index = 0; index < wire.headers.length; index += 2) {
    const isIt = wire.headers[index]!.toLowerCase() === name;
    const value = isIt ? change(wire.headers[index + 1]!) : wire.headers[index + 1]!;
    if (value !== undefined) headers.push(wire.headers[index]!, value);
  }
  return { ...wire, headers };
};

describe('the clients of the AWS SDK', () => {
  it('work against the endpoint over functions, tags, users and sessions', async () => {
    const { Configuration, Code, $metadata } = await lambda.send(new GetFunctionCommand({ FunctionName: 'echo' }));
    expect(Configuration).toMatchObject({ FunctionName: 'echo', State: 'Active', FunctionArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:function:echo` });
    expect($metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect((await fetch(Code!.Location!)).headers.get('content-type')).toBe('application/zip');
    const arn = Configuration!.FunctionArn!;
    await lambda.send(new TagResourceCommand({ Resource: arn, Tags: { team: 'a b' } }));
    expect((await lambda.send(new ListTagsCommand({ Resource: arn }))).Tags).toEqual({ team: 'a b' });
    expect((await lambda.send(new ListFunctionsCommand({}))).Functions?.map(({ FunctionName }) => FunctionName)).toEqual(['echo']);
    await iam.send(new CreateUserCommand({ UserName: 'ann', Tags: [{ Key: 'k', Value: 'v + w=ü' }] }));
    expect((await iam.send(new GetUserCommand({ UserName: 'ann' }))).User).toMatchObject({ UserName: 'ann', Tags: [{ Key: 'k', Value: 'v + w=ü' }] });
    expect((await iam.send(new ListRolesCommand({}))).Roles?.map(({ RoleName }) => RoleName)).toContain('app');
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: ACCOUNT, Arn: `arn:aws:iam::${ACCOUNT}:root` });
  });

  it('invoke: the payload, the type and the context arrive as sent', async () => {
    const context = Buffer.from('{"client":{}}').toString('base64');
    const answer = await lambda.send(new InvokeCommand({ FunctionName: 'echo', Payload: '{"ä":[1]}', ClientContext: context }));
    expect(Buffer.from(answer.Payload!).toString()).toBe('{"ä":[1]}');
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(hearth.invocations.at(-1)).toMatchObject({ functionName: 'echo', invocationType: 'RequestResponse', clientContext: '{"client":{}}' });
    expect((await lambda.send(new InvokeCommand({ FunctionName: 'echo', InvocationType: 'Event', Payload: '{}' }))).StatusCode).toBe(202);
    expect((await lambda.send(new InvokeCommand({ FunctionName: 'echo', InvocationType: 'DryRun' }))).StatusCode).toBe(204);
  });

  it('read errors as exceptions of their service', async () => {
    await expect(lambda.send(new DeleteFunctionCommand({ FunctionName: 'nope' }))).rejects.toMatchObject({ name: 'ResourceNotFoundException', $metadata: { httpStatusCode: 404 } });
    await expect(iam.send(new GetUserCommand({ UserName: 'nobody' }))).rejects.toMatchObject({ name: 'NoSuchEntityException', $metadata: { httpStatusCode: 404 } });
    await expect(iam.send(new CreateUserCommand({ UserName: 'no blanks' }))).rejects.toMatchObject({ name: 'ValidationError', message: expect.stringContaining("at 'userName' failed to satisfy constraint") });
    const nobody = { endpoint: hearth.endpoint, region: 'us-east-1', credentials: { ...hearth.key, secretAccessKey: 'wrong' }, maxAttempts: 1 };
    const [stranger, forger] = [new IAMClient({ ...nobody, credentials: { accessKeyId: 'AKIAAAAAAAAAAAAAAAAA', secretAccessKey: 'x' } }), new LambdaClient(nobody)];
    await expect(stranger.send(new ListRolesCommand({}))).rejects.toMatchObject({ name: 'InvalidClientTokenId', $metadata: { httpStatusCode: 403 } });
    await expect(forger.send(new ListFunctionsCommand({}))).rejects.toMatchObject({ name: 'InvalidSignatureException', $metadata: { httpStatusCode: 403 } });
    stranger.destroy();
    forger.destroy();
  });
});

describe('a signed request', () => {
  it('is accepted as it is, also in chunks of HTTP, also presigned', async () => {
    expect(await send(await sign(INVOKE))).toMatchObject({ status: 200, body: '{"a":1}' });
    expect(await send(await sign(INVOKE), true)).toMatchObject({ status: 200, body: '{"a":1}' });
    expect(await send(await sign({ method: 'GET', path: '/2015-03-31/functions', query: { MaxItems: '5' } }, 'query'))).toMatchObject({ status: 200 });
    const identity = await send(await sign({ method: 'GET', path: '/', query: { Action: 'GetCallerIdentity', Version: '2011-06-15' }, service: 'sts' }, 'query'));
    expect(identity).toMatchObject({ status: 200, body: expect.stringContaining(`<Account>${ACCOUNT}</Account>`) });
  });

  it('is refused when its body, of a length not told beforehand, is over the limit', async () => {
    const before = hearth.invocations.length;
    const event = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));
    const refused = await send(await sign({ ...INVOKE, body: event(6_291_457) }), true);
    expect(refused).toMatchObject({ status: 413, headers: { connection: 'close', 'x-amzn-errortype': 'RequestTooLargeException' } });
    expect(JSON.parse(refused.body)).toMatchObject({ Message: 'More than 6291456 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)' });
    expect(hearth.invocations.length).toBe(before);
    expect((await send(await sign({ ...INVOKE, body: event(6_291_456) }), true)).status).toBe(200);
  });

  const mutations: Record<string, (wire: Wire) => Wire> = {
    method: (wire) => ({ ...wire, method: 'PUT' }),
    path: (wire) => ({ ...wire, target: wire.target.replace('echo', 'ech0') }),
    'query added': (wire) => ({ ...wire, target: `${wire.target}?Qualifier=1` }),
    body: (wire) => ({ ...wire, body: '{"a":2}' }),
    'body removed': (wire) => ({ ...wire, body: '' }),
    signature: (wire) => withHeader(wire, 'authorization', (text) => text.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))),
    'signature removed': (wire) => withHeader(wire, 'authorization', () => undefined),
    key: (wire) => withHeader(wire, 'authorization', (text) => text.replace(/AKIA.{16}/, 'AKIAAAAAAAAAAAAAAAAA')),
    'service of the scope': (wire) => withHeader(wire, 'authorization', (text) => text.replace('/lambda/', '/iam/')),
    'region of the scope': (wire) => withHeader(wire, 'authorization', (text) => text.replace('/us-east-1/', '/eu-west-1/')),
    'signed header forgotten': (wire) => withHeader(wire, 'authorization', (text) => text.replace(';x-amz-invocation-type', '')),
    'invocation type': (wire) => withHeader(wire, 'x-amz-invocation-type', () => 'Event'),
    'invocation type removed': (wire) => withHeader(wire, 'x-amz-invocation-type', () => undefined),
    'unsigned header of Lambda added': (wire) => ({ ...wire, headers: [...wire.headers, 'X-Amz-Log-Type', 'Tail'] }),
    host: (wire) => withHeader(wire, 'host', () => 'elsewhere'),
    'content hash': (wire) => withHeader(wire, 'x-amz-content-sha256', () => 'UNSIGNED-PAYLOAD'),
    'hash of another body, and that body': (wire) => ({ ...withHeader(wire, 'x-amz-content-sha256', () => createHash('sha256').update('[]').digest('hex')), body: '[]' }),
    date: (wire) => withHeader(wire, 'x-amz-date', (text) => text.replace(/(\d)Z$/, (_all, digit: string) => `${(Number(digit) + 1) % 10}Z`)),
    token: (wire) => ({ ...wire, headers: [...wire.headers, 'X-Amz-Security-Token', 'x'] }),
  };
  it.each(Object.entries(mutations))('is refused, and nothing invoked, after a change of: %s', async (_what, mutate) => {
    const before = hearth.invocations.length;
    const answer = await send(mutate(await sign(INVOKE)));
    expect([400, 403]).toContain(answer.status);
    expect(answer.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers.date).toBeDefined();
    expect(hearth.invocations.length).toBe(before);
  });
});

describe('operations that are not there', () => {
  it('name themselves, in the form of their service', async () => {
    const capacity = await send(await sign({ method: 'GET', path: '/2025-11-30/capacity-providers' }));
    expect(capacity).toMatchObject({ status: 501, headers: { 'x-amzn-errortype': 'NotImplementedException' } });
    const saml = await send(await sign({ method: 'POST', path: '/', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'Action=CreateOpenIDConnectProvider&Url=https://id.example&Version=2010-05-08', service: 'iam' }));
    expect(saml).toMatchObject({ status: 501, body: expect.stringContaining('<Code>NotImplemented</Code>') });
    expect(await send(await sign({ method: 'GET', path: '/nothing' }))).toMatchObject({ status: 404, headers: { 'x-amzn-errortype': 'UnknownOperationException' } });
    expect(await send(await sign({ method: 'POST', path: '/', body: '{}', service: 'glue' }))).toMatchObject({ status: 501 });
  });
});

it('nothing of this was an error of Hearth itself', () => {
  expect(hearth.errors).toEqual([]);
});
