import { hash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  CreateFunctionCommand,
  InvokeAsyncCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  waitUntilFunctionActiveV2,
  type InvokeWithResponseStreamCommandInput,
} from '@aws-sdk/client-lambda';
import { signRequest } from '@hearth/aws-wire';
import { InProcessPlatform, refusal, ROLE, zipOf } from './testing/in-process-platform.js';

const FUNCTION = `
import { appendFileSync } from 'node:fs';
export const handler = async (event, context) => {
  console.log('line of', event.id);
  if (event.file) appendFileSync(event.file, event.id + ' ' + context.awsRequestId + '\\n');
  if (event.fail) throw new TypeError('no such thing');
  if (event.exit) process.exit(3);
  if (event.size) return 'x'.repeat(event.size);
  return event;
};`;

let platform: InProcessPlatform;
let lambda: LambdaClient;

beforeAll(async () => {
  platform = await InProcessPlatform.start();
  lambda = platform.lambda();
  for (const name of ['f', 'off']) {
    await lambda.send(new CreateFunctionCommand({ FunctionName: name, Runtime: 'nodejs22.x', Handler: 'index.handler', Role: ROLE, Code: { ZipFile: await zipOf({ 'index.mjs': FUNCTION }) }, Timeout: 20, Publish: true }));
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName: name });
  }
}, 60_000);
afterAll(() => platform?.stop(), 60_000);

async function stream(event: unknown, more: Partial<InvokeWithResponseStreamCommandInput> = {}) {
  const { EventStream, ...head } = await lambda.send(new InvokeWithResponseStreamCommand({ FunctionName: 'f', Payload: Buffer.from(JSON.stringify(event)), ...more }));
  const chunks: Buffer[] = [];
  const kinds: string[] = [];
  let complete;
  for await (const message of EventStream!) {
    kinds.push(...Object.keys(message));
    if (message.PayloadChunk) chunks.push(Buffer.from(message.PayloadChunk.Payload!));
    if (message.InvokeComplete) complete = message.InvokeComplete;
  }
  return { head, kinds, text: Buffer.concat(chunks).toString(), complete };
}

describe('InvokeWithResponseStream', () => {
  it('answers the response as a chunk, and then that it is complete', async () => {
    const { head, kinds, text, complete } = await stream({ id: 1, umlaut: 'ä' });
    expect(head).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST', ResponseStreamContentType: 'application/vnd.amazon.eventstream' });
    expect(kinds).toEqual(['PayloadChunk', 'InvokeComplete']);
    expect(text).toBe('{"id":1,"umlaut":"ä"}');
    expect(complete).toEqual({});
    expect((await stream({ id: 2 }, { Qualifier: '1' })).head.ExecutedVersion).toBe('1');
  });

  it('carries 6 MB', async () => {
    expect((await stream({ size: 6_000_000 })).text).toHaveLength(6_000_002);
  });

  it('tells the log in the completion', async () => {
    const { complete } = await stream({ id: 'logged' }, { LogType: 'Tail' });
    const log = Buffer.from(complete!.LogResult!, 'base64').toString();
    expect(log).toMatch(/^START RequestId: /);
    expect(log).toContain('line of logged');
  });

  it('tells an error of the function in the completion', async () => {
    const failed = await stream({ fail: true });
    expect(failed.kinds).toEqual(['InvokeComplete']);
    expect(failed.head.StatusCode).toBe(200);
    expect(failed.complete!.ErrorCode).toBe('TypeError');
    expect(JSON.parse(failed.complete!.ErrorDetails!)).toMatchObject({ errorType: 'TypeError', errorMessage: 'no such thing' });
    const exited = await stream({ exit: true }, { LogType: 'Tail' });
    expect(exited.complete).toMatchObject({ ErrorCode: 'Runtime.ExitError', LogResult: expect.any(String) });
  });

  it('answers errors from before the first byte as ordinary ones', async () => {
    expect(await refusal(stream({}, { FunctionName: 'nope' }))).toEqual({ name: 'ResourceNotFoundException', status: 404, message: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:nope' });
    expect(await refusal(stream({}, { Payload: Buffer.from('{') }))).toMatchObject({ name: 'InvalidRequestContentException', status: 400 });
    expect(await refusal(stream({}, { TenantId: 'blue' }))).toMatchObject({ name: 'InvalidParameterValueException', status: 400 });
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: 'off', ReservedConcurrentExecutions: 0 }));
    expect(await refusal(stream({}, { FunctionName: 'off' }))).toMatchObject({ name: 'TooManyRequestsException', status: 429 });
  });

  it('dry-runs, and knows no events', async () => {
    expect((await lambda.send(new InvokeWithResponseStreamCommand({ FunctionName: 'f', InvocationType: 'DryRun' }))).StatusCode).toBe(204);
    expect(await refusal(stream({}, { InvocationType: 'Event' as never }))).toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining("Value 'Event' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set:"),
    });
  });

  it('is sent in chunks, with the headers of an event stream', async () => {
    const response = await raw('/2021-11-15/functions/f/response-streaming-invocations', '{}');
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'application/vnd.amazon.eventstream',
      'transfer-encoding': 'chunked',
      'x-amz-executed-version': '$LATEST',
      'x-amzn-requestid': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-/),
    });
  });
});

describe('InvokeAsync', () => {
  it('accepts an event and runs it once', async () => {
    const file = `${platform.stateDir}/events`;
    const answer = await lambda.send(new InvokeAsyncCommand({ FunctionName: 'f', InvokeArgs: Buffer.from(JSON.stringify({ id: 'async', file })) }));
    expect(answer.Status).toBe(202);
    const deadline = Date.now() + 15_000;
    let seen = '';
    while (seen === '' && Date.now() < deadline) seen = await readFile(file, 'utf8').catch(() => '');
    expect(seen).toBe(`async ${answer.$metadata.requestId}\n`);
  });

  it('refuses what Invoke refuses, and events over 256 KB', async () => {
    const send = (FunctionName: string, InvokeArgs: Buffer) => refusal(lambda.send(new InvokeAsyncCommand({ FunctionName, InvokeArgs })));
    expect(await send('nope', Buffer.from('{}'))).toMatchObject({ name: 'ResourceNotFoundException', status: 404 });
    expect(await send('f', Buffer.from('no'))).toMatchObject({ name: 'InvalidRequestContentException', status: 400 });
    const event = Buffer.from(JSON.stringify('x'.repeat(262_143)));
    expect(await send('f', event)).toMatchObject({ name: 'RequestTooLargeException', status: 413, message: '262145 byte payload is too large for the Event invocation type (limit 262144 bytes)' });
  });
});

it('both need the permission that Lambda asks for', async () => {
  const iam = new IAMClient({ endpoint: platform.endpoint, region: 'us-east-1', credentials: platform.credentials });
  await iam.send(new CreateUserCommand({ UserName: 'nobody' }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'nobody' }));
  iam.destroy();
  const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  const nobody = new LambdaClient({ endpoint: platform.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 });
  const denied = (action: string, resource: string) => ({ name: 'AccessDeniedException', status: 403, message: expect.stringContaining(`is not authorized to perform: ${action} on resource: arn:aws:lambda:us-east-1:000000000000:function:${resource}`) });
  expect(await refusal(nobody.send(new InvokeWithResponseStreamCommand({ FunctionName: 'f', Qualifier: '1' })))).toMatchObject(denied('lambda:InvokeFunction', 'f:1'));
  expect(await refusal(nobody.send(new InvokeAsyncCommand({ FunctionName: 'f', InvokeArgs: Buffer.from('{}') })))).toMatchObject(denied('lambda:InvokeAsync', 'f'));
  nobody.destroy();
});

async function raw(path: string, body: string): Promise<IncomingMessage> {
  const url = new URL(path, platform.endpoint);
  const headers = signRequest({ method: 'POST', url, payloadHash: hash('sha256', body, 'hex') }, { region: 'us-east-1', service: 'lambda' }, platform.credentials, Date.now());
  const request = httpRequest(url, { method: 'POST', headers }).end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  await once(response.resume(), 'end');
  return response;
}
