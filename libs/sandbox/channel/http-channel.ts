import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Server as NetServer, Socket } from 'node:net';
import type { RequestHandler } from '../extensions/extension-endpoint.js';
import { FAULT, fail, headerValue, reply, single, STATUS_OK } from './http-answers.js';
import { collect, errorAnswer, passOn, truncatedAnswer, type BodyEnds } from './posted-body.js';
import { headerErrorType, LAST_WORDS_MS, twoTurns, type ChannelAnswer, type ChannelEvent, type InitResult, type RuntimeChannel } from './runtime-channel.js';
import { illegalMove, mayMove, type RuntimeState } from './runtime-state.js';
import { StreamedResponse, wholeToSink } from './streamed-response.js';

const BASE = '/2018-06-01/';
/** Heads hold the X-Ray cause of an error (64 KB), trailers a whole error object. */
const MAX_HEAD_BYTES = 1_048_576;

const ASKED: ReadonlySet<string> = new Set(['runtime/invocation/next', 'runtime/restore/next', 'ping']);
const POSTED: ReadonlySet<string> = new Set(['runtime/init/error', 'runtime/restore/error']);

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
  /** The invocation of `lastId` was given up. */
  private expired = false;
  private settleInit!: (result: InitResult) => void;
  private settleClosed!: () => void;
  private over = false;

  constructor() {
    this.init = new Promise((resolve) => (this.settleInit = resolve));
    this.closed = new Promise((resolve) => (this.settleClosed = resolve));
    // A runtime may wait for its next event for hours on one connection.
    this.http = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0, maxHeaderSize: MAX_HEAD_BYTES }, (request, response) => this.serve(request, response));
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

  expire(id: string): void {
    if (this.lastId !== id) return;
    this.pending = undefined;
    this.expired = true;
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
    const call = /^runtime\/invocation\/([^/]+)\/(response|error)$/.exec(path);
    const posted = call !== null || POSTED.has(path);
    if (!posted && !ASKED.has(path)) return fail(request, response, ...FAULT.path);
    if (request.method !== (posted ? 'POST' : 'GET')) return fail(request, response, ...FAULT.method);
    if (call !== null) return this.result(request, response, call[1]!, call[2] as 'response' | 'error');
    switch (path) {
      case 'runtime/invocation/next':
        return this.next(response);
      case 'runtime/init/error':
        return this.initError(request, response);
      case 'runtime/restore/next':
        return void this.move('RestoreReady', response, request);
      case 'runtime/restore/error':
        return void this.move('RestoreError', response, request);
      default:
        return reply(response, 200, 'pong', 'text/plain');
    }
  }

  private next(response: ServerResponse): void {
    if (!this.move('Ready', response)) return;
    this.waiting = response;
    response.on('close', () => {
      if (this.waiting !== response) return;
      // The runtime dropped its call and may make another.
      this.waiting = undefined;
      this.state = 'ResponseSent';
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
    this.expired = false;
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': event.body.length,
      'Lambda-Runtime-Aws-Request-Id': event.id,
      'Lambda-Runtime-Deadline-Ms': String(event.deadlineMs),
      'Lambda-Runtime-Invoked-Function-Arn': event.arn,
      'Lambda-Runtime-Trace-Id': event.traceId,
      ...(event.clientContext === undefined ? {} : { 'Lambda-Runtime-Client-Context': headerValue(event.clientContext) }),
      ...(event.cognitoIdentity === undefined ? {} : { 'Lambda-Runtime-Cognito-Identity': headerValue(event.cognitoIdentity) }),
      ...(event.tenantId === undefined ? {} : { 'Lambda-Runtime-Aws-Tenant-Id': event.tenantId }),
    });
    response.end(event.body);
  }

  private result(request: IncomingMessage, response: ServerResponse, id: string, kind: 'response' | 'error'): void {
    if (id !== this.lastId) return fail(request, response, ...FAULT.requestId);
    if (this.expired) return fail(request, response, ...FAULT.invokeTimeout);
    const mode = request.headers['lambda-runtime-function-response-mode'];
    if (kind === 'response' && mode !== undefined && mode !== 'streaming') return fail(request, response, ...FAULT.responseMode);
    if (!this.move(kind === 'response' ? 'InvocationResponse' : 'InvocationErrorResponse', response, request)) return;
    const { pending } = this;
    const sink = pending?.event.response;
    const settle = (answer: ChannelAnswer): void => {
      this.state = 'ResponseSent';
      // Only the invocation that this body belongs to: a timeout may have ended it meanwhile.
      if (pending === undefined || this.pending !== pending) return;
      this.pending = undefined;
      pending.resolve(answer);
    };
    const unfinished = {
      truncated: () => {
        if (!response.destroyed) fail(request, response, ...FAULT.truncated);
        settle(truncatedAnswer());
      },
    };
    if (mode === 'streaming' && kind === 'response') {
      const stream = new StreamedResponse(sink, request.headers['content-type']);
      const on: BodyEnds<ChannelAnswer> = {
        ...unfinished,
        whole: (answer) => {
          reply(response, 202, STATUS_OK);
          settle(answer);
        },
        tooLarge: () => {
          fail(request, response, ...FAULT.tooLarge);
          settle(stream.end());
        },
      };
      return passOn(request, stream, on);
    }
    collect(request, {
      ...unfinished,
      whole: (body) => {
        reply(response, 202, STATUS_OK);
        if (kind === 'error') settle(errorAnswer(request.headers['lambda-runtime-function-error-type'], body));
        else settle(sink === undefined || this.pending !== pending ? { kind: 'response', body } : wholeToSink(sink, request.headers['content-type'], body));
      },
      tooLarge: () => {
        fail(request, response, ...FAULT.tooLarge);
        settle({ kind: 'too-large' });
      },
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
    if (mayMove(this.state, to)) {
      this.state = to;
      return true;
    }
    fail(request, response, 403, 'InvalidStateTransition', illegalMove(this.state, to));
    return false;
  }
}
