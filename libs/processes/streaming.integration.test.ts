import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  GetFunctionUrlConfigCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  UpdateFunctionUrlConfigCommand,
  waitUntilFunctionActiveV2,
  type Runtime,
} from '@aws-sdk/client-lambda';
import { ZipFile } from 'yazl';
import { InProcessPlatform, refusal, ROLE } from './testing/in-process-platform.js';

/** Where the event names a file, it goes on when that file is there: no test here depends on time. */
const STREAMING = `
const { existsSync, writeFileSync } = require('node:fs');
const { pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');
const there = async (file) => { while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5)); };
const megabytes = (count) => Readable.from((function* () { for (let made = 0; made < count * 16; made++) yield Buffer.alloc(65536, made % 251); })());
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const ask = event.queryStringParameters ?? event;
  if (ask.prelude) stream = awslambda.HttpResponseStream.from(stream, JSON.parse(ask.prelude));
  if (ask.type) stream.setContentType(ask.type);
  if (ask.failFirst) throw new RangeError('before a byte');
  if (ask.first) stream.write(ask.first);
  if (ask.go) await there(ask.go);
  if (ask.fail) throw new RangeError('in the middle');
  if (ask.exit) process.exit(4);
  if (ask.hang) await new Promise(() => setInterval(() => {}, 1000));
  if (ask.megabytes) await pipeline(megabytes(Number(ask.megabytes)), stream, { end: false });
  stream.end(ask.last ?? '');
  if (ask.done) { await new Promise((resolve) => stream.once('finish', resolve)); writeFileSync(ask.done, 'ran to its end'); }
});`;

const BUFFERED = `exports.handler = async (event) => ({ statusCode: 201, body: 'whole', sawQuery: event.queryStringParameters?.q });`;

/** A custom runtime that streams: chunked with trailers, as the Runtime API asks for. */
const CUSTOM = `#!${process.execPath}
const http = require('node:http');
const { existsSync } = require('node:fs');
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const agent = new http.Agent({ keepAlive: true });
const call = (method, path, headers, body) => new Promise((resolve, reject) => {
  const request = http.request({ host, port, agent, method, path: '/2018-06-01/runtime/' + path, headers }, (response) => {
    let text = ''; response.on('data', (chunk) => (text += chunk)).on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
  });
  request.on('error', reject);
  body(request);
});
(async () => {
  for (;;) {
    const next = await call('GET', 'invocation/next', {}, (request) => request.end());
    const ask = JSON.parse(next.text);
    const id = next.headers['lambda-runtime-aws-request-id'];
    const streaming = { 'Lambda-Runtime-Function-Response-Mode': 'streaming', 'Transfer-Encoding': 'chunked', 'Content-Type': ask.type ?? 'text/plain', Trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body' };
    const answer = await call('POST', 'invocation/' + id + '/response', ask.whole ? {} : streaming, async (request) => {
      await new Promise((resolve) => request.write(ask.first ?? '', resolve));
      while (ask.go && !existsSync(ask.go)) await new Promise((resolve) => setTimeout(resolve, 5));
      if (ask.fail) request.addTrailers({ 'Lambda-Runtime-Function-Error-Type': 'Runtime.Middle', 'Lambda-Runtime-Function-Error-Body': Buffer.from('{"errorType":"Runtime.Middle","errorMessage":"told by trailers"}').toString('base64') });
      if (ask.cut) return request.destroy();
      const piece = Buffer.alloc(65536, 7);
      for (let left = (ask.megabytes ?? 0) * 16; left > 0; left--) if (!request.write(piece)) await new Promise((resolve) => request.once('drain', resolve));
      request.end(ask.last ?? '');
    }).catch(() => undefined);
    if (answer) console.log('answered', answer.status);
  }
})();`;

let platform: InProcessPlatform;
let lambda: LambdaClient;
const urls = new Map<string, string>();

beforeAll(async () => {
  platform = await InProcessPlatform.start();
  lambda = platform.lambda();
  await Promise.all([
    deploy('streams', 'nodejs22.x', { 'index.js': STREAMING }),
    deploy('buffered', 'nodejs22.x', { 'index.js': BUFFERED }),
    deploy('custom', 'provided.al2023', { bootstrap: CUSTOM }),
  ]);
  for (const name of ['streams', 'buffered']) urls.set(name, await open(name));
}, 90_000);
afterAll(() => platform?.stop(), 60_000);

async function deploy(FunctionName: string, runtime: Runtime, files: Record<string, string>): Promise<void> {
  const zip = new ZipFile();
  for (const [name, text] of Object.entries(files)) zip.addBuffer(Buffer.from(text), name, { mode: 0o100755 });
  zip.end();
  const parts: Buffer[] = [];
  for await (const part of zip.outputStream as AsyncIterable<Buffer>) parts.push(part);
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: runtime,
      Handler: 'index.handler',
      Role: ROLE,
      Timeout: 30,
      Code: { ZipFile: Buffer.concat(parts) },
    }),
  );
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName });
}

/** A URL that anybody may call. @returns its host */
async function open(FunctionName: string): Promise<string> {
  const { FunctionUrl, InvokeMode } = await lambda.send(
    new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: 'NONE', InvokeMode: 'RESPONSE_STREAM' }),
  );
  expect(InvokeMode).toBe('RESPONSE_STREAM');
  const statement = { FunctionName, Principal: '*' };
  await lambda.send(
    new AddPermissionCommand({
      ...statement,
      StatementId: 'url',
      Action: 'lambda:InvokeFunctionUrl',
      FunctionUrlAuthType: 'NONE',
    }),
  );
  await lambda.send(
    new AddPermissionCommand({
      ...statement,
      StatementId: 'invoke',
      Action: 'lambda:InvokeFunction',
      InvokedViaFunctionUrl: true,
    }),
  );
  return new URL(FunctionUrl!).host;
}

async function get(name: string, ask: Record<string, string>): Promise<IncomingMessage> {
  const url = new URL(`/?${new URLSearchParams(ask)}`, platform.ingress);
  const [response] = (await once(httpRequest(url, { headers: { host: urls.get(name)! } }).end(), 'response')) as [
    IncomingMessage,
  ];
  return response;
}

async function textOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function start(FunctionName: string, event: unknown) {
  const { EventStream, ...head } = await lambda.send(
    new InvokeWithResponseStreamCommand({ FunctionName, Payload: Buffer.from(JSON.stringify(event)), LogType: 'Tail' }),
  );
  return { head, events: EventStream![Symbol.asyncIterator]() };
}

async function whole(FunctionName: string, event: unknown) {
  const { head, events } = await start(FunctionName, event);
  let text = '';
  let size = 0;
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error('no InvokeComplete');
    if (value.InvokeComplete) return { head, text, size, complete: value.InvokeComplete };
    const bytes = value.PayloadChunk!.Payload!;
    size += bytes.length;
    if (size < 1_000_000) text += Buffer.from(bytes).toString();
  }
}

let files = 0;
const fresh = (): string => `${platform.stateDir}/flag-${++files}`;

describe.each(['streams', 'custom'])('InvokeWithResponseStream of %s', (name) => {
  it('gives the first chunk to the caller before the handler has ended', async () => {
    const go = fresh();
    const { head, events } = await start(name, { first: 'one', go, last: 'two' });
    expect(head).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST' });
    expect(Buffer.from((await events.next()).value!.PayloadChunk!.Payload!).toString()).toBe('one');
    await writeFile(go, '');
    expect(Buffer.from((await events.next()).value!.PayloadChunk!.Payload!).toString()).toBe('two');
    const { value } = await events.next();
    expect(Buffer.from(value!.InvokeComplete!.LogResult!, 'base64').toString()).toContain('REPORT RequestId');
    expect(value!.InvokeComplete!.ErrorCode).toBeUndefined();
  });

  it('tells a failure in the middle, and serves the next invocation', async () => {
    const { text, complete } = await whole(name, { first: 'half', fail: true });
    expect(text).toBe('half');
    expect(complete.ErrorCode).toBe(name === 'custom' ? 'Runtime.Middle' : 'RangeError');
    expect(JSON.parse(complete.ErrorDetails!).errorMessage).toBe(name === 'custom' ? 'told by trailers' : 'in the middle');
    expect((await whole(name, { first: 'a', last: 'b' })).text).toBe('ab');
  });

  it('collects the stream for an invoker who wants it whole, up to 6 MB', async () => {
    const answer = await lambda.send(new InvokeCommand({ FunctionName: name, Payload: Buffer.from('{"first":"a","last":"b"}') }));
    expect(Buffer.from(answer.Payload!).toString()).toBe('ab');
    const large = await lambda.send(new InvokeCommand({ FunctionName: name, Payload: Buffer.from('{"megabytes":7}') }));
    expect(large.FunctionError).toBe('Unhandled');
    expect(JSON.parse(Buffer.from(large.Payload!).toString())).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
  });

  it('carries more than any buffer on the way holds', async () => {
    const { size, complete } = await whole(name, { megabytes: 30 });
    expect(size).toBe(30 * 1_048_576);
    expect(complete.ErrorCode).toBeUndefined();
  }, 60_000);
});

describe('InvokeWithResponseStream', () => {
  it('tells errors from before the first byte, exits and a response that came whole', async () => {
    expect((await whole('streams', { failFirst: true })).complete).toMatchObject({
      ErrorCode: 'RangeError',
      ErrorDetails: expect.stringContaining('before a byte'),
    });
    const exited = await whole('streams', { first: 'x', exit: true });
    expect([exited.text, exited.complete.ErrorCode]).toEqual(['x', 'Runtime.ExitError']);
    expect((await whole('buffered', {})).text).toBe('{"statusCode":201,"body":"whole"}');
    expect((await whole('custom', { whole: true, first: 'w' })).text).toBe('w');
    expect((await whole('custom', { first: 'w', cut: true })).complete.ErrorCode).toBe('Runtime.TruncatedResponse');
  });

  it('lets the function run to its end when the caller has gone away', async () => {
    const [go, done] = [fresh(), fresh()];
    const client = new LambdaClient({
      endpoint: platform.endpoint,
      region: 'us-east-1',
      credentials: platform.credentials,
      maxAttempts: 1,
    });
    const { EventStream } = await client.send(
      new InvokeWithResponseStreamCommand({
        FunctionName: 'streams',
        Payload: Buffer.from(JSON.stringify({ first: '1', go, megabytes: 10, done })),
      }),
    );
    for await (const event of EventStream!) if (event.PayloadChunk) break;
    client.destroy();
    await writeFile(go, '');
    const deadline = Date.now() + 20_000;
    let seen = '';
    while (seen === '' && Date.now() < deadline) seen = await readFile(done, 'utf8').catch(() => '');
    expect(seen).toBe('ran to its end');
  }, 30_000);
});

describe('a function URL with RESPONSE_STREAM', () => {
  it('answers chunk by chunk, with the content type of the stream', async () => {
    const go = fresh();
    const response = await get('streams', { type: 'text/html', first: 'one', go, last: 'two' });
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/html',
      'transfer-encoding': 'chunked',
      'x-amzn-requestid': expect.any(String),
    });
    const chunks = (response as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
    expect((await chunks.next()).value.toString()).toBe('one');
    await writeFile(go, '');
    const rest: string[] = [];
    for (let chunk = await chunks.next(); !chunk.done; chunk = await chunks.next()) rest.push(chunk.value.toString());
    expect(rest.join('')).toBe('two');
  });

  it('takes status, headers and cookies from the prelude', async () => {
    const prelude = JSON.stringify({
      statusCode: 418,
      headers: { 'x-pot': 'tea', 'Content-Type': 'text/plain' },
      cookies: ['a=1; Secure', 'b=2'],
    });
    const response = await get('streams', { prelude, first: 'short', last: ' and stout' });
    expect(response.statusCode).toBe(418);
    expect(response.headers).toMatchObject({
      'x-pot': 'tea',
      'content-type': 'text/plain',
      'set-cookie': ['a=1; Secure', 'b=2'],
    });
    expect(await textOf(response)).toBe('short and stout');
    const bare = await get('streams', { prelude: '{}' });
    expect([bare.statusCode, bare.headers['content-type'], await textOf(bare)]).toEqual([200, 'application/octet-stream', '']);
  });

  it('answers 502 to a prelude that is none and to an error before the first byte, and cuts off what fails later', async () => {
    for (const ask of [{ prelude: '{"statusCode":99}', first: 'x' }, { failFirst: '1' }] as Record<string, string>[]) {
      const response = await get('streams', ask);
      expect([response.statusCode, await textOf(response)]).toEqual([502, 'Internal Server Error']);
    }
    const response = await get('streams', { first: 'half', fail: '1' });
    expect(response.statusCode).toBe(200);
    await expect(textOf(response)).rejects.toThrow('aborted');
  });

  it('passes on what came whole as it is, and can be switched back', async () => {
    const response = await get('buffered', { q: '1' });
    expect([response.statusCode, response.headers['content-type'], await textOf(response)]).toEqual([
      200,
      'application/json',
      '{"statusCode":201,"body":"whole","sawQuery":"1"}',
    ]);
    await lambda.send(new UpdateFunctionUrlConfigCommand({ FunctionName: 'buffered', InvokeMode: 'BUFFERED' }));
    expect((await lambda.send(new GetFunctionUrlConfigCommand({ FunctionName: 'buffered' }))).InvokeMode).toBe('BUFFERED');
    expect((await get('buffered', {})).statusCode).toBe(201);
    expect(
      await refusal(
        lambda.send(new UpdateFunctionUrlConfigCommand({ FunctionName: 'buffered', InvokeMode: 'SOMEHOW' as never })),
      ),
    ).toMatchObject({ name: 'ValidationException' });
  });

  it('carries more than any buffer on the way holds', async () => {
    const response = await get('streams', { megabytes: '30' });
    let size = 0;
    for await (const part of response as AsyncIterable<Buffer>) size += part.length;
    expect(size).toBe(30 * 1_048_576);
  }, 60_000);
});
