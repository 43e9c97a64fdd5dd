import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import fc from 'fast-check';
import { HttpChannel } from './http-channel.js';
import { MAX_RESPONSE_BYTES, type ChannelAnswer, type ChannelEvent } from './runtime-channel.js';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

interface Call {
  headers?: Record<string, string>;
  body?: string | Buffer;
  trailers?: Record<string, string>;
}

/** A runtime's end of the Runtime API, over one connection as real ones have. */
class Runtime {
  readonly channel = new HttpChannel();
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 2 });
  private port = 0;

  private constructor(private readonly listener: Server) {}

  static async connect(): Promise<Runtime> {
    const listener = createServer();
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const runtime = new Runtime(listener);
    runtime.port = (listener.address() as AddressInfo).port;
    runtime.channel.serveListener(listener);
    return runtime;
  }

  async call(method: string, path: string, { headers = {}, body = '', trailers }: Call = {}): Promise<Answer> {
    const request = httpRequest({ port: this.port, host: '127.0.0.1', agent: this.agent, method, path: path.startsWith('/') ? path : `/2018-06-01/${path}`, headers });
    if (trailers) {
      request.flushHeaders();
      request.write(body);
      request.addTrailers(trailers);
    }
    request.end(trailers ? undefined : body);
    const [response] = await once(request, 'response');
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk as string;
    return { status: response.statusCode, headers: response.headers, text };
  }

  /** Takes the event as a runtime does. */
  async take(event: Partial<ChannelEvent> = {}): Promise<{ answered: Promise<ChannelAnswer>; next: Answer }> {
    const asked = this.call('GET', 'runtime/invocation/next');
    await this.channel.init;
    const answered = this.channel.invoke({ id: 'one', deadlineMs: 1_767_323_045_000, arn: 'arn:f', traceId: 'Root=1-2-3', body: Buffer.from('{"n":1}'), ...event });
    return { answered, next: await asked };
  }

  close(): void {
    this.channel.close();
    this.agent.destroy();
    this.listener.close();
  }
}

let runtime: Runtime;
beforeEach(async () => (runtime = await Runtime.connect()));
afterEach(() => runtime.close());

const fault = (answer: Answer): [number, string] => [answer.status, (JSON.parse(answer.text) as { errorType: string }).errorType];
const streaming = { 'Lambda-Runtime-Function-Response-Mode': 'streaming', 'Transfer-Encoding': 'chunked', 'Content-Type': 'text/plain' };

/** Collects what a caller is given on the way. */
function sink() {
  const seen = { type: '', text: '' };
  const response = { begin: (type: string) => void (seen.type = type), write: (bytes: Uint8Array) => void (seen.text += Buffer.from(bytes).toString()) as undefined };
  return { seen, response };
}

describe('the Runtime API', () => {
  it('hands an event over with all its headers', async () => {
    const { next } = await runtime.take({ clientContext: '{"a":"ä\\n"}', cognitoIdentity: '{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}', tenantId: 'blue' });
    expect(next).toMatchObject({
      status: 200,
      text: '{"n":1}',
      headers: {
        'content-type': 'application/json',
        'lambda-runtime-aws-request-id': 'one',
        'lambda-runtime-deadline-ms': '1767323045000',
        'lambda-runtime-invoked-function-arn': 'arn:f',
        'lambda-runtime-trace-id': 'Root=1-2-3',
        'lambda-runtime-client-context': '{"a":"\\u00e4\\n"}',
        'lambda-runtime-cognito-identity': '{"cognitoIdentityId":"i","cognitoIdentityPoolId":"p"}',
        'lambda-runtime-aws-tenant-id': 'blue',
      },
    });
  });

  it('answers a response with 202 and OK', async () => {
    const { answered } = await runtime.take();
    expect(await runtime.call('POST', 'runtime/invocation/one/response', { body: '[1]' })).toMatchObject({ status: 202, text: '{"status":"OK"}\n', headers: { 'content-type': 'application/json' } });
    expect(await answered).toEqual({ kind: 'response', body: Buffer.from('[1]') });
  });

  it('takes an error with its type and an X-Ray cause of 64 KB', async () => {
    const { answered } = await runtime.take();
    const headers = { 'Lambda-Runtime-Function-Error-Type': 'Function.Mine', 'Lambda-Runtime-Function-XRay-Error-Cause': `{"paths":["${'x'.repeat(64_000)}"]}`, 'Content-Type': 'application/vnd.aws.lambda.error+json' };
    expect((await runtime.call('POST', 'runtime/invocation/one/error', { headers, body: '{"errorType":"Mine"}' })).status).toBe(202);
    expect(await answered).toEqual({ kind: 'error', errorType: 'Function.Mine', body: Buffer.from('{"errorType":"Mine"}'), exits: false });
  });

  it('refuses other ids, second responses, unknown modes and bodies over the limit', async () => {
    const { answered } = await runtime.take();
    expect(fault(await runtime.call('POST', 'runtime/invocation/two/response', { body: '1' }))).toEqual([400, 'InvalidRequestID']);
    expect(fault(await runtime.call('POST', 'runtime/invocation/one/response', { headers: { 'Lambda-Runtime-Function-Response-Mode': 'sideways' } }))).toEqual([400, 'InvalidFunctionResponseMode']);
    expect(fault(await runtime.call('POST', 'runtime/invocation/one/response', { body: Buffer.alloc(MAX_RESPONSE_BYTES + 1) }))).toEqual([413, 'RequestEntityTooLarge']);
    expect(await answered).toEqual({ kind: 'too-large' });
    const second = await runtime.call('POST', 'runtime/invocation/one/response', { body: '1' });
    expect([second.status, JSON.parse(second.text)]).toEqual([
      403,
      { errorType: 'InvalidStateTransition', errorMessage: 'State transition from ResponseSent to InvocationResponse failed for runtime. Error: State transition is not allowed' },
    ]);
  });

  it('says when an invocation is over already, and still serves the next', async () => {
    await runtime.take();
    runtime.channel.expire('one');
    expect(fault(await runtime.call('POST', 'runtime/invocation/one/response', { body: '1' }))).toEqual([410, 'InvokeTimeout']);
  });

  it('knows no snapshots, no other paths and no other methods', async () => {
    expect(await runtime.call('GET', 'ping')).toMatchObject({ status: 200, text: 'pong' });
    expect(fault(await runtime.call('GET', 'runtime/restore/next'))).toEqual([403, 'InvalidStateTransition']);
    expect(fault(await runtime.call('POST', 'runtime/restore/error', { body: '{}' }))).toEqual([403, 'InvalidStateTransition']);
    expect(fault(await runtime.call('POST', 'runtime/invocation/next'))).toEqual([405, 'MethodNotAllowed']);
    expect(fault(await runtime.call('GET', '/2020-01-01/else'))).toEqual([404, 'NotFound']);
  });

  it('reports a failed init, after which nothing else is legal', async () => {
    expect((await runtime.call('POST', 'runtime/init/error', { headers: { 'lambda-runtime-function-error-type': 'Runtime.NoHandler' }, body: '{}' })).status).toBe(202);
    expect(await runtime.channel.init).toMatchObject({ kind: 'error', errorType: 'Runtime.NoHandler' });
    expect(fault(await runtime.call('GET', 'runtime/invocation/next'))).toEqual([403, 'InvalidStateTransition']);
    expect(fault(await runtime.call('POST', 'runtime/init/error', { body: '{}' }))).toEqual([403, 'InvalidStateTransition']);
  });
});

describe('a streamed response', () => {
  it('goes to the caller with its type, and its failure is told by trailers', async () => {
    const { seen, response } = sink();
    const first = await runtime.take({ response });
    expect((await runtime.call('POST', 'runtime/invocation/one/response', { headers: streaming, body: 'abc', trailers: {} })).status).toBe(202);
    expect(await first.answered).toEqual({ kind: 'streamed', bytes: 3 });
    expect(seen).toEqual({ type: 'text/plain', text: 'abc' });
    const second = await runtime.take({ id: 'two', response: sink().response });
    const trailers = { 'Lambda-Runtime-Function-Error-Type': 'Runtime.Odd', 'Lambda-Runtime-Function-Error-Body': Buffer.from('{"a":1}').toString('base64') };
    await runtime.call('POST', 'runtime/invocation/two/response', { headers: { ...streaming, Trailer: Object.keys(trailers).join(', ') }, body: 'abc', trailers });
    expect(await second.answered).toEqual({ kind: 'error', errorType: 'Runtime.Odd', body: Buffer.from('{"a":1}'), exits: false });
  });

  it('is collected for a caller who wants it whole, and a whole one is a stream to others', async () => {
    const { answered } = await runtime.take();
    await runtime.call('POST', 'runtime/invocation/one/response', { headers: streaming, body: 'abc', trailers: {} });
    expect(await answered).toEqual({ kind: 'response', body: Buffer.from('abc') });
    const { seen, response } = sink();
    const second = await runtime.take({ id: 'two', response });
    await runtime.call('POST', 'runtime/invocation/two/response', { body: '[1]' });
    expect(await second.answered).toEqual({ kind: 'streamed', bytes: 3 });
    expect(seen).toEqual({ type: 'application/json', text: '[1]' });
  });
});

/** What the Runtime API allows, in the words of the specification. */
type Step = 'next' | 'response' | 'error' | 'initError' | 'otherId';
const STEPS: readonly Step[] = ['next', 'response', 'error', 'initError', 'otherId'];

it('follows its state machine whatever a runtime calls', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...STEPS), { maxLength: 14 }), async (steps) => {
      const one = await Runtime.connect();
      try {
        let state: 'started' | 'failed' | 'running' | 'answered' = 'started';
        let id = 0;
        let answered: Promise<ChannelAnswer> | undefined;
        for (const step of steps) {
          if (step === 'next') {
            if (state === 'started' || state === 'answered') {
              const taken = await one.take({ id: `id${++id}` });
              answered = taken.answered;
              expect(taken.next.headers['lambda-runtime-aws-request-id']).toBe(`id${id}`);
              state = 'running';
            } else {
              expect(fault(await one.call('GET', 'runtime/invocation/next'))).toEqual([403, 'InvalidStateTransition']);
            }
          } else if (step === 'initError') {
            const answer = await one.call('POST', 'runtime/init/error', { body: '{}' });
            expect(answer.status).toBe(state === 'started' ? 202 : 403);
            if (state === 'started') state = 'failed';
          } else {
            const given = step === 'otherId' ? 'other' : `id${id}`;
            const answer = await one.call('POST', `runtime/invocation/${given}/${step === 'error' ? 'error' : 'response'}`, { body: '1' });
            if (step === 'otherId' || id === 0) expect(fault(answer)).toEqual([400, 'InvalidRequestID']);
            else if (state !== 'running') expect(fault(answer)).toEqual([403, 'InvalidStateTransition']);
            else {
              expect(answer.status).toBe(202);
              expect((await answered)!.kind).toBe(step);
              state = 'answered';
            }
          }
        }
      } finally {
        one.close();
      }
    }),
    { numRuns: 60 },
  );
});
