import { createServer, type Server, type Socket } from 'node:net';
import { encodeFrame, FRAME, FrameDecoder, type Frame } from './frames.js';
import { LAST_WORDS_MS, MAX_RESPONSE_BYTES, twoTurns, type ChannelAnswer, type ChannelEvent, type InitResult, type RuntimeChannel } from './runtime-channel.js';

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
  private pending: { id: string; resolve: (answer: ChannelAnswer) => void } | undefined;
  private settleInit!: (result: InitResult) => void;
  private settleClosed!: () => void;
  private over = false;

  private constructor() {
    this.init = new Promise((resolve) => (this.settleInit = resolve));
    this.closed = new Promise((resolve) => (this.settleClosed = resolve));
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
  }

  /** @param path at most 107 bytes: the kernel's limit for socket names */
  static async listen(path: string): Promise<SocketChannel> {
    const channel = new SocketChannel();
    await new Promise<void>((resolve, reject) => {
      channel.server.once('error', reject);
      channel.server.listen({ path, readableAll: true, writableAll: true }, () => {
        channel.server.off('error', reject);
        channel.server.on('error', () => channel.finish());
        resolve();
      });
    });
    return channel;
  }

  invoke(event: ChannelEvent): Promise<ChannelAnswer> {
    const socket = this.socket;
    if (this.over || socket === undefined || this.pending !== undefined) return Promise.resolve({ kind: 'closed', undelivered: true });
    return new Promise((resolve) => {
      this.pending = { id: event.id, resolve };
      const header = { id: event.id, deadlineMs: event.deadlineMs, arn: event.arn, traceId: event.traceId, clientContext: event.clientContext };
      socket.write(encodeFrame(FRAME.invoke, header, event.body));
    });
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
    if (this.pending === undefined || frame.header.id !== this.pending.id) return;
    const { resolve } = this.pending;
    this.pending = undefined;
    resolve(answer);
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    this.server.close();
    this.settleInit({ kind: 'closed' });
    this.pending?.resolve({ kind: 'closed', undelivered: false });
    this.pending = undefined;
    this.settleClosed();
  }
}

function errorTypeOf(frame: Frame): string {
  return typeof frame.header.errorType === 'string' ? frame.header.errorType : 'Runtime.Unknown';
}
