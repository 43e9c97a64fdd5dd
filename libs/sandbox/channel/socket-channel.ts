import { createServer, type Server, type Socket } from 'node:net';
import type { Ticket, Tickets } from './tickets.js';
import { encodeFrame, FRAME, FrameDecoder, type Frame } from './frames.js';
import { LAST_WORDS_MS, MAX_RESPONSE_BYTES, twoTurns, type ChannelAnswer, type ChannelEvent, type InitResult, type RuntimeChannel } from './runtime-channel.js';

interface Pending {
  id: string;
  resolve: (answer: ChannelAnswer) => void;
  /** Of events sent ahead: without it the runtime does not begin. */
  ticket?: Ticket;
}

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
  private settleInit!: (result: InitResult) => void;
  private settleClosed!: () => void;
  private over = false;

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
      this.pending.push({ id: event.id, resolve });
      const header = { id: event.id, deadlineMs: event.deadlineMs, arn: event.arn, traceId: event.traceId, clientContext: event.clientContext };
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
      this.pending.push({ id: event.id, resolve, ticket });
      const header = { id: event.id, timeoutMs: event.deadlineMs, ticket, mark: event.mark, arn: event.arn, traceId: event.traceId, clientContext: event.clientContext };
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

  async runtimeEnded(): Promise<void> {
    if (this.socket === undefined) await twoTurns();
    if (this.socket !== undefined && !this.over) {
      const timer = setTimeout(() => this.close(), LAST_WORDS_MS);
      await this.closed;
      clearTimeout(timer);
    }
    this.close();
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
        this.answer(frame, frame.body === undefined ? { kind: 'too-large' } : { kind: 'response', body: frame.body });
        return;
      case FRAME.error:
        if (frame.body === undefined) this.answer(frame, { kind: 'too-large' });
        else this.answer(frame, { kind: 'error', errorType: errorTypeOf(frame), body: frame.body, exits: frame.header.exits === true });
        return;
      default:
        this.socket?.destroy();
    }
  }

  private answer(frame: Frame, answer: ChannelAnswer): void {
    if (frame.header.id !== this.pending[0]?.id) return;
    const { ticket, resolve } = this.pending.shift()!;
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

function errorTypeOf(frame: Frame): string {
  return typeof frame.header.errorType === 'string' ? frame.header.errorType : 'Runtime.Unknown';
}
