import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddPermissionCommand, CreateFunctionUrlConfigCommand, InvokeWithResponseStreamCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { projectRoot } from '@hearth/kernel';
import { deploy, invoke, lambdaClient } from './lambda.js';
import { boto3Environment, pythonRuntimeClient } from './packages.js';
import { Platform } from './platform.js';
import { run } from './run.js';
import { filesBelow, zip } from './zip.js';

const INSTALL_MS = 240_000;
const MIB = 1_048_576;

const STREAMING = `
const { pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const ask = event.queryStringParameters ?? event;
  if (ask.status) stream = awslambda.HttpResponseStream.from(stream, { statusCode: Number(ask.status), headers: { 'content-type': 'text/event-stream' }, cookies: ['s=1'] });
  stream.write('data: one\\n\\n');
  if (ask.fail) throw new RangeError('in the middle');
  if (ask.megabytes) await pipeline(Readable.from((function* () { for (let made = 0; made < ask.megabytes * 16; made++) yield Buffer.alloc(65536, 1); })()), stream, { end: false });
  stream.end('data: two\\n\\n');
});`;

describe('responses that are streamed out of containers', () => {
  let platform: Platform;
  let lambda: LambdaClient;
  beforeAll(async () => {
    platform = await Platform.start();
    lambda = lambdaClient(platform);
    await deploy(lambda, 'streams', STREAMING, { Timeout: 60, MemorySize: 128 });
  }, 120_000);
  afterAll(async () => {
    lambda?.destroy();
    await platform?.stop();
  }, 60_000);

  async function residentBytes(): Promise<number> {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${platform.pid}/status`, 'utf8'))![1]) * 1_024;
  }

  async function events(event: unknown) {
    const { EventStream } = await lambda.send(new InvokeWithResponseStreamCommand({ FunctionName: 'streams', Payload: Buffer.from(JSON.stringify(event)) }));
    return EventStream![Symbol.asyncIterator]();
  }

  it('reach the AWS SDK while the handler still writes more than its sandbox and the platform hold', async () => {
    const stream = await events({ megabytes: 110 });
    const { value: first } = await stream.next();
    expect(Buffer.from(first!.PayloadChunk!.Payload!).toString()).toBe('data: one\n\n');
    const before = await residentBytes();
    let peak = before;
    let size = 0;
    for (let message = await stream.next(); !message.done; message = await stream.next()) {
      if (message.value.InvokeComplete) {
        expect(message.value.InvokeComplete).toEqual({});
        break;
      }
      const bytes = message.value.PayloadChunk!.Payload!.length;
      if (Math.floor(size / (8 * MIB)) !== Math.floor((size + bytes) / (8 * MIB))) peak = Math.max(peak, await residentBytes());
      size += bytes;
    }
    expect(size).toBe(110 * MIB + 'data: two\n\n'.length);
    expect(peak - before).toBeLessThan(64 * MIB);
  }, 90_000);

  it('tell the SDK of an error in the middle', async () => {
    const stream = await events({ fail: true });
    expect(Buffer.from((await stream.next()).value!.PayloadChunk!.Payload!).toString()).toBe('data: one\n\n');
    expect((await stream.next()).value!.InvokeComplete).toMatchObject({ ErrorCode: 'RangeError', ErrorDetails: expect.stringContaining('in the middle') });
  });

  it(
    'reach boto3',
    async () => {
      const env = { ...platform.clientEnvironment(), ...(await boto3Environment()) };
      const seen = JSON.parse(await run('python3', [join(projectRoot(), 'apps/e2e/src/boto3-streaming.py')], { env })) as unknown;
      expect(seen).toEqual({ whole: 'data: one\n\ndata: two\n\n', failed: ['data: one\n\n', 'RangeError'], buffered: 'data: one\n\ndata: two\n\n' });
    },
    INSTALL_MS,
  );

  it('reach a browser through a function URL, with status, headers and cookies from the prelude', async () => {
    const { FunctionUrl } = await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName: 'streams', AuthType: 'NONE', InvokeMode: 'RESPONSE_STREAM' }));
    const statement = { FunctionName: 'streams', Principal: '*' };
    await lambda.send(new AddPermissionCommand({ ...statement, StatementId: 'url', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' }));
    await lambda.send(new AddPermissionCommand({ ...statement, StatementId: 'invoke', Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true }));
    const url = new URL('/?status=203', FunctionUrl);
    // Not every machine resolves names below localhost.
    const [response] = (await once(httpRequest({ host: '127.0.0.1', port: url.port, path: `${url.pathname}${url.search}`, headers: { host: url.host } }).end(), 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(203);
    expect(response.headers).toMatchObject({ 'content-type': 'text/event-stream', 'set-cookie': ['s=1'], 'transfer-encoding': 'chunked' });
    const parts: Buffer[] = [];
    for await (const part of response as AsyncIterable<Buffer>) parts.push(part);
    expect(Buffer.concat(parts).toString()).toBe('data: one\n\ndata: two\n\n');
  });
});

/** For the official client of Python: an image that holds Python and no client of Hearth's in the way, as an operator may map one. */
const OFFICIAL = `
import json
def handler(event, context):
    if event.get('fail'):
        raise ValueError('as asked')
    print('from the official client')
    return {'got': event, 'id': context.aws_request_id, 'arn': context.invoked_function_arn, 'left': context.get_remaining_time_in_millis() > 0, 'custom': context.client_context.custom if context.client_context else None}
`;

it(
  'awslambdaric, the official runtime client of Python, works unmodified',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hearth-official-'));
    const catalogue = JSON.parse(await readFile(join(projectRoot(), 'infra/runtimes/catalogue.json'), 'utf8')) as Record<string, object>;
    await writeFile(join(folder, 'runtimes.json'), JSON.stringify({ ...catalogue, 'provided.al2': { image: 'hearth/python3.13', channel: 'http' } }));
    const platform = await Platform.start({ HEARTH_RUNTIMES_FILE: join(folder, 'runtimes.json') });
    const lambda = lambdaClient(platform);
    try {
      const client = await filesBelow(await pythonRuntimeClient());
      const code = await zip({ ...client, 'app.py': OFFICIAL, '!bootstrap': '#!/bin/sh\nexport PYTHONPATH=/var/task\nexec python3 -m awslambdaric "$_HANDLER"\n' });
      await deploy(lambda, 'official', code, { Runtime: 'provided.al2', Handler: 'app.handler', MemorySize: 256 });
      const ClientContext = Buffer.from('{"custom":{"a":"ä"}}').toString('base64');
      const answer = await invoke(lambda, 'official', { n: 1 }, { LogType: 'Tail', ClientContext });
      if (answer.functionError) throw new Error(answer.log);
      expect(JSON.parse(answer.text)).toEqual({ got: { n: 1 }, id: answer.requestId, arn: 'arn:aws:lambda:us-east-1:000000000000:function:official', left: true, custom: { a: 'ä' } });
      expect(answer.log).toContain('from the official client');
      const failed = await invoke(lambda, 'official', { fail: true });
      expect([failed.functionError, JSON.parse(failed.text)]).toMatchObject(['Unhandled', { errorType: 'ValueError', errorMessage: 'as asked' }]);
      expect(JSON.parse((await invoke(lambda, 'official', { n: 2 })).text)).toMatchObject({ got: { n: 2 } });
    } finally {
      lambda.destroy();
      await platform.stop();
      await rm(folder, { recursive: true });
    }
  },
  INSTALL_MS,
);
