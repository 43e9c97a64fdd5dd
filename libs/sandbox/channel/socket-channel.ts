import { createServer, type Server, type Socket } from 'node:net';
import type { ResponseSink } from '../response-sink.js';
import type { Ticket, Tickets } from './tickets.js';
import { encodeFrame, FRAME, FrameDecoder, type Frame } from './frames.js';
import { LAST_WORDS_MS, MAX_RESPONSE_BYTES, twoTurns, type ChannelAnswer, type ChannelEvent, type InitResult, type RuntimeChannel } from './runtime-channel.js';
import { StreamedResponse, wholeToSink } from './streamed-response.js';

interface Pending {
  id: string;
  sink: ResponseSink | undefined;
  resolve: (answer: ChannelAnswer) => void;
  /** Of events sent ahead: without it the runtime does not begin. */
  ticket?: Ticket;
}

const STAY_AWAKE = encodeFrame(FRAME.stayAwake, {}, new Uint8Array());

/**
 * The fast channel: frames over a unix stream socket in the sandbox's directory. One connection per sandbox, the first.
 * Frames for another id than the one in progress are dropped: a late answer of a former invocation must not become the
 * answer of this one.
 */
export class SocketChannel implements RuntimeChannel {
  readonly init: Promise<InitResult>;
  readonly closed: Promise<void>;
  private readonly server: Server;
  private socket: Socket | undefined;
  /** In the order in which the runtime answers them. */
  private readonly pending: Pending[] = [];
  private ahead = false;
  /** The first pending response, when it comes in chunks. */
  private stream: StreamedResponse | undefined;
  /** What the runtime's frames wait for. */
  private gate: Promise<void> | undefined;
  private settleInit!: (result: InitResult) => void;
  private settleClosed!: () => void;
  private over = false;
  private awake = false;

  private constructor(private readonly tickets?: Tickets) {
    this.init = new Promise((resolve) => (this.settleInit = resolve));
    this.closed = new Promise((resolve) => (this.settleClosed = resolve));
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
  }

  /**
   * @param path at most 107 bytes: the kernel's limit for socket names
   * @param tickets the channel's own from now on
   */
  static async listen(path: string, tickets?: Tickets): Promise<SocketChannel> {
    const channel = new SocketChannel(tickets);
    await new Promise<void>((resolve, reject) => {
      channel.server.once('error', (error) => {
        tickets?.close();
        reject(error);
      });
      channel.server.listen({ path, readableAll: true, writableAll: true }, () => {
        channel.server.removeAllListeners('error');
        channel.server.on('error', () => channel.finish());
        resolve();
      });
    });
    return channel;
  }

  invoke(event: ChannelEvent): Promise<ChannelAnswer> {
    const socket = this.socket;
    if (this.over || socket === undefined || this.pending.length > 0) return Promise.resolve({ kind: 'closed', undelivered: true });
    return new Promise((resolve) => {
      this.pending.push({ id: event.id, sink: event.response, resolve });
      const header = { id: event.id, deadlineMs: event.deadlineMs, arn: event.arn, traceId: event.traceId, clientContext: event.clientContext, cognitoIdentity: event.cognitoIdentity, tenantId: event.tenantId };
      socket.write(encodeFrame(FRAME.invoke, header, event.body));
    });
  }

  get maxAhead(): number {
    return this.ahead ? this.tickets!.slots : 0;
  }

  sendAhead(event: ChannelEvent): Promise<ChannelAnswer> {
    const { socket } = this;
    // First the ticket: the runtime looks for it as soon as it sees the event.
    const ticket = this.over || socket === undefined ? undefined : this.tickets?.put();
    if (ticket === undefined) return Promise.resolve({ kind: 'closed', undelivered: true });
    return new Promise((resolve) => {
      this.pending.push({ id: event.id, sink: event.response, resolve, ticket });
      const header = { id: event.id, timeoutMs: event.deadlineMs, ticket, mark: event.mark, arn: event.arn, traceId: event.traceId, clientContext: event.clientContext, cognitoIdentity: event.cognitoIdentity, tenantId: event.tenantId };
      socket!.write(encodeFrame(FRAME.invoke, header, event.body));
    });
  }

  takeBack(id: string): boolean {
    const index = this.pending.findIndex((pending) => pending.id === id);
    const pending = this.pending[index];
    if (pending?.ticket === undefined || !this.tickets!.takeBack(pending.ticket)) return false;
    this.pending.splice(index, 1);
    pending.resolve({ kind: 'closed', undelivered: true });
    return true;
  }

  expire(id: string): void {
    const [first] = this.pending;
    if (first?.id !== id) return;
    first.sink = undefined;
    this.stream = undefined;
  }

  async runtimeEnded(): Promise<void> {
    if (this.socket === undefined) await twoTurns();
    if (this.socket !== undefined && !this.over) {
      const timer = setTimeout(() => this.close(), LAST_WORDS_MS);
      await this.closed;
      clearTimeout(timer);
    }
    this.close();
  }

  keepAwake(): void {
    if (this.awake) return;
    this.awake = true;
    this.socket?.write(STAY_AWAKE);
  }

  close(): void {
    this.socket?.destroy();
    this.finish();
  }

  private accept(socket: Socket): void {
    if (this.socket !== undefined || this.over) {
      socket.destroy();
      return;
    }
    this.socket = socket;
    this.server.close();
    if (this.awake) socket.write(STAY_AWAKE);
    const decoder = new FrameDecoder(MAX_RESPONSE_BYTES, (frame) => this.receive(frame));
    socket.on('data', (chunk: Buffer) => {
      try {
        decoder.push(chunk);
      } catch {
        // Whatever wrote this is not our runtime client any more: the sandbox counts as crashed.
        socket.destroy();
      }
    });
    // 'close' follows and is what matters: a reset says no more than an end.
    socket.on('error', () => undefined);
    socket.on('close', () => this.finish());
  }

  private receive(frame: Frame): void {
    switch (frame.type) {
      case FRAME.ready:
        this.ahead = this.tickets !== undefined && frame.header.ahead === true;
        this.settleInit({ kind: 'ready' });
        return;
      case FRAME.initError:
        this.settleInit({ kind: 'error', errorType: errorTypeOf(frame), body: frame.body ?? Buffer.from('{}') });
        return;
      case FRAME.response:
        this.answer(frame, frame.body === undefined ? { kind: 'too-large' } : this.whole(frame, frame.body));
        return;
      case FRAME.streamStart:
        if (this.isPending(frame)) this.stream = new StreamedResponse(this.pending[0]!.sink, contentTypeOf(frame));
        return;
      case FRAME.streamChunk:
        this.chunk(frame);
        return;
      case FRAME.streamEnd:
        if (this.stream !== undefined) this.answer(frame, this.stream.end());
        return;
      case FRAME.error:
        if (frame.body === undefined) this.answer(frame, { kind: 'too-large' });
        else this.answer(frame, { kind: 'error', errorType: errorTypeOf(frame), body: frame.body, exits: frame.header.exits === true });
        return;
      default:
        this.socket?.destroy();
    }
  }

  private isPending(frame: Frame): boolean {
    return frame.header.id === this.pending[0]?.id;
  }

  private whole(frame: Frame, body: Buffer): ChannelAnswer {
    const sink = this.pending[0]?.sink;
    return sink === undefined || !this.isPending(frame) ? { kind: 'response', body } : wholeToSink(sink, contentTypeOf(frame), body);
  }

  private chunk(frame: Frame): void {
    const { stream } = this;
    if (stream === undefined || !this.isPending(frame)) return;
    const wait = stream.write(frame.body!);
    if (stream.exceeded) return this.answer(frame, stream.end());
    if (wait === undefined || wait === this.gate) return;
    this.gate = wait;
    this.socket?.pause();
    void wait.then(() => {
      if (this.gate === wait) this.socket?.resume();
    });
  }

  private answer(frame: Frame, answer: ChannelAnswer): void {
    if (frame.header.id !== this.pending[0]?.id) return;
    const { ticket, resolve } = this.pending.shift()!;
    this.stream = undefined;
    if (ticket !== undefined) this.tickets!.release(ticket);
    resolve(answer);
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    this.server.close();
    this.settleInit({ kind: 'closed' });
    for (const { ticket, resolve } of this.pending.splice(0)) resolve({ kind: 'closed', undelivered: ticket !== undefined && this.tickets!.takeBack(ticket) });
    this.tickets?.close();
    this.settleClosed();
  }
}

function contentTypeOf(frame: Frame): string | undefined {
  return typeof frame.header.contentType === 'string' ? frame.header.contentType : undefined;
}

function errorTypeOf(frame: Frame): string {
  return typeof frame.header.errorType === 'string' ? frame.header.errorType : 'Runtime.Unknown';
}
