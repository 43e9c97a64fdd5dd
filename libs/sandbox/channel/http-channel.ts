import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Server as NetServer, Socket } from 'node:net';
import type { RequestHandler } from '../extensions/extension-endpoint.js';
import { headerErrorType, LAST_WORDS_MS, MAX_RESPONSE_BYTES, twoTurns, type ChannelAnswer, type ChannelEvent, type InitResult, type RuntimeChannel } from './runtime-channel.js';

const BASE = '/2018-06-01/';
const STATUS_OK = '{"status":"OK"}\n';
const FAULT = {
  requestId: [400, 'InvalidRequestID', 'Invalid request ID'],
  tooLarge: [413, 'RequestEntityTooLarge', `Exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`],
  responseMode: [400, 'InvalidFunctionResponseMode', 'Invalid function response mode'],
  path: [404, 'NotFound', '404 page not found'],
} as const;

/** States of the runtime as the Runtime API's error texts name them. */
type RuntimeState = 'Started' | 'Ready' | 'Running' | 'InvocationResponse' | 'InvocationErrorResponse' | 'InitError';

/** Legal moves (runtime-api.md section 1.1 for what the others are answered). */
const MOVES: Record<RuntimeState, readonly RuntimeState[]> = {
  Started: ['Ready', 'InitError'],
  Ready: ['Running'],
  Running: ['InvocationResponse', 'InvocationErrorResponse'],
  InvocationResponse: ['Ready'],
  InvocationErrorResponse: ['Ready'],
  InitError: [],
};

/**
 * The HTTP Runtime API of one sandbox (runtime-api.md section 1). It knows the ids of its own sandbox only: there is no
 * request by which one sandbox could reach another's invocation.
 */
export class HttpChannel implements RuntimeChannel {
  readonly init: Promise<InitResult>;
  readonly closed: Promise<void>;
  private readonly http: Server;
  private listener: NetServer | undefined;
  private readonly connections = new Set<Socket>();
  /** Of others than the runtime, which live on when it has ended. */
  private readonly guests = new Set<Socket>();
  private others: RequestHandler | undefined;
  private onLastConnection: (() => void) | undefined;
  private state: RuntimeState = 'Started';
  /** The runtime's blocked `next`. */
  private waiting: ServerResponse | undefined;
  /** The invocation handed to this sandbox; `sent` once a `next` took it. */
  private pending: { event: ChannelEvent; sent: boolean; resolve: (answer: ChannelAnswer) => void } | undefined;
  private lastId = '';
  private settleInit!: (result: InitResult) => void;
  private settleClosed!: () => void;
  private over = false;

  constructor() {
    this.init = new Promise((resolve) => (this.settleInit = resolve));
    this.closed = new Promise((resolve) => (this.settleClosed = resolve));
    // A runtime may wait for its next event for hours on one connection.
    this.http = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, (request, response) => this.serve(request, response));
    this.http.on('clientError', (_error, socket) => socket.destroy());
  }

  /**
   * Serves connections of a listener that was opened elsewhere, for instance in the sandbox's network namespace.
   * @param others serves what is not the Runtime API
   */
  serveListener(listener: NetServer, others?: RequestHandler): void {
    this.others = others;
    if (this.over) {
      listener.close();
      return;
    }
    this.listener = listener;
    listener.on('connection', (socket) => {
      this.connections.add(socket);
      socket.on('close', () => {
        this.guests.delete(socket);
        this.connections.delete(socket);
        if (this.connections.size === 0) this.onLastConnection?.();
      });
      this.http.emit('connection', socket);
    });
    listener.on('error', () => this.close());
  }

  invoke(event: ChannelEvent): Promise<ChannelAnswer> {
    if (this.over || this.pending !== undefined) return Promise.resolve({ kind: 'closed', undelivered: true });
    return new Promise((resolve) => {
      this.pending = { event, sent: false, resolve };
      this.deliver();
    });
  }

  async runtimeEnded(): Promise<void> {
    await twoTurns();
    if (this.connections.size > 0 && !this.over) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LAST_WORDS_MS);
        this.onLastConnection = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.end();
  }

  /** Runtimes on this channel wait in a way of their own. */
  keepAwake(): void {}

  close(): void {
    this.end();
    this.listener?.close();
    for (const socket of [...this.guests, ...this.connections]) socket.destroy();
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    for (const socket of this.connections) socket.destroy();
    this.waiting?.destroy();
    this.settleInit({ kind: 'closed' });
    this.pending?.resolve({ kind: 'closed', undelivered: !this.pending.sent });
    this.pending = undefined;
    this.settleClosed();
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    if (!request.url?.startsWith(BASE) && this.others?.(request, response)) {
      // One client per connection: whoever has asked for this is not the runtime.
      this.guests.add(request.socket);
      if (this.connections.delete(request.socket) && this.connections.size === 0) this.onLastConnection?.();
      return;
    }
    const path = request.url?.startsWith(BASE) ? request.url.slice(BASE.length) : '';
    if (request.method === 'GET' && path === 'runtime/invocation/next') return this.next(response);
    if (request.method === 'GET' && path === 'ping') return reply(response, 200, 'pong', 'text/plain');
    if (request.method === 'POST') {
      const call = /^runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path);
      if (call) return this.result(request, response, call[1]!, call[2] as 'response' | 'error');
      if (path === 'runtime/init/error') return this.initError(request, response);
    }
    fail(request, response, ...FAULT.path);
  }

  get waits(): boolean {
    return this.waiting !== undefined;
  }

  private next(response: ServerResponse): void {
    if (!this.move('Ready', response)) return;
    this.waiting = response;
    response.on('close', () => {
      if (this.waiting !== response) return;
      // The runtime dropped its call and may make another.
      this.waiting = undefined;
      this.state = 'InvocationResponse';
    });
    this.settleInit({ kind: 'ready' });
    this.deliver();
  }

  private deliver(): void {
    const response = this.waiting;
    if (response === undefined || this.pending === undefined || this.pending.sent) return;
    const { event } = this.pending;
    this.waiting = undefined;
    this.pending.sent = true;
    this.state = 'Running';
    this.lastId = event.id;
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': event.body.length,
      'Lambda-Runtime-Aws-Request-Id': event.id,
      'Lambda-Runtime-Deadline-Ms': String(event.deadlineMs),
      'Lambda-Runtime-Invoked-Function-Arn': event.arn,
      'Lambda-Runtime-Trace-Id': event.traceId,
      ...(event.clientContext === undefined ? {} : { 'Lambda-Runtime-Client-Context': headerValue(event.clientContext) }),
    });
    response.end(event.body);
  }

  private result(request: IncomingMessage, response: ServerResponse, id: string, kind: 'response' | 'error'): void {
    if (id !== this.lastId) return fail(request, response, ...FAULT.requestId);
    const mode = request.headers['lambda-runtime-function-response-mode'];
    if (kind === 'response' && mode !== undefined && mode !== 'streaming') return fail(request, response, ...FAULT.responseMode);
    if (!this.move(kind === 'response' ? 'InvocationResponse' : 'InvocationErrorResponse', response, request)) return;
    const pending = this.pending;
    const settle = (answer: ChannelAnswer): void => {
      // Only the invocation that this body belongs to: a timeout may have ended it meanwhile.
      if (pending === undefined || this.pending !== pending) return;
      this.pending = undefined;
      pending.resolve(answer);
    };
    collect(request, {
      whole: (body) => {
        reply(response, 202, STATUS_OK);
        settle(kind === 'error' ? errorAnswer(request.headers['lambda-runtime-function-error-type'], body) : responseAnswer(request, body));
      },
      tooLarge: () => {
        fail(request, response, ...FAULT.tooLarge);
        settle({ kind: 'too-large' });
      },
      truncated: () => settle(errorAnswer('Runtime.TruncatedResponse', Buffer.from('{"errorType":"Runtime.TruncatedResponse","errorMessage":"The response was cut off."}'))),
    });
  }

  private initError(request: IncomingMessage, response: ServerResponse): void {
    if (!this.move('InitError', response, request)) return;
    const type = headerErrorType(single(request.headers['lambda-runtime-function-error-type']));
    collect(request, {
      whole: (body) => {
        reply(response, 202, STATUS_OK);
        this.settleInit({ kind: 'error', errorType: type, body });
      },
      tooLarge: () => {
        fail(request, response, ...FAULT.tooLarge);
        this.settleInit({ kind: 'error', errorType: type, body: Buffer.from('{}') });
      },
      truncated: () => this.settleInit({ kind: 'error', errorType: type, body: Buffer.from('{}') }),
    });
  }

  private move(to: RuntimeState, response: ServerResponse, request?: IncomingMessage): boolean {
    if (MOVES[this.state].includes(to)) {
      this.state = to;
      return true;
    }
    fail(request, response, 403, 'InvalidStateTransition', `State transition from ${this.state} to ${to} failed for runtime. Error: State transition is not allowed`);
    return false;
  }
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** JSON text may hold characters that no header can: they travel as JSON escapes. */
function headerValue(json: string): string {
  return json.replace(/[\u0000-\u001f]/g, ' ').replace(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function errorAnswer(type: string | string[] | undefined, body: Buffer): ChannelAnswer {
  return { kind: 'error', errorType: headerErrorType(single(type)), body, exits: false };
}

/** A streamed response may still fail: its trailers say so (runtime-api.md section 1.3). */
function responseAnswer(request: IncomingMessage, body: Buffer): ChannelAnswer {
  const failure = request.trailers['lambda-runtime-function-error-type'];
  if (failure === undefined) return { kind: 'response', body };
  return errorAnswer(failure, Buffer.from(request.trailers['lambda-runtime-function-error-body'] ?? '', 'base64'));
}

function collect(request: IncomingMessage, on: { whole(body: Buffer): void; tooLarge(): void; truncated(): void }): void {
  const chunks: Buffer[] = [];
  let size = 0;
  let settled = false;
  const once = (action: () => void): void => {
    if (settled) return;
    settled = true;
    action();
  };
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_RESPONSE_BYTES) chunks.push(chunk);
    else once(on.tooLarge);
  });
  request.on('end', () => once(() => on.whole(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))));
  request.on('close', () => once(on.truncated));
  // 'close' follows.
  request.on('error', () => undefined);
}

function reply(response: ServerResponse, status: number, body: string, type = 'application/json'): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

function fail(request: IncomingMessage | undefined, response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  request?.resume();
  reply(response, status, JSON.stringify({ errorMessage, errorType }));
}
