/**
 * The load of both sides, in a process of its own: raw keep-alive sockets that send the same bytes again and again and wait
 * for each answer. Raw sockets, because Node's HTTP client costs more than the servers that are measured.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface LoadOrder {
  port: number;
  /** One whole HTTP request, base64. */
  request: string;
  connections: number;
  durationMs: number;
  warmUpMs: number;
  /** Status every answer must have. */
  status: number;
  /** Body every answer must have; absent = any. */
  body?: string;
}

export interface LoadResult {
  p50Ms: number;
  p99Ms: number;
  perSecond: number;
  count: number;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const BUFFER_BYTES = 65_536;

/** One keep-alive connection that sends the request again as soon as its answer is there. Cheap, so that the servers have the machine. */
class Connection {
  /** Of an answer that came in pieces. */
  private received: Buffer = Buffer.alloc(0);
  private answered: () => void = () => undefined;
  private failed: (error: Error) => void = () => undefined;

  private constructor(
    private readonly socket: Socket,
    private readonly order: LoadOrder,
    private readonly body: Buffer | undefined,
  ) {
    socket.setNoDelay(true);
    socket.on('error', (error) => this.failed(error));
    socket.on('close', () => this.failed(new Error('The server closed the connection')));
  }

  static async open(order: LoadOrder): Promise<Connection> {
    const opened: { connection?: Connection } = {};
    const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
    // Reads into one buffer instead of through a stream.
    const socket = connect({ port: order.port, host: '127.0.0.1', onread: { buffer, callback: (bytes) => opened.connection!.take(buffer.subarray(0, bytes)) } });
    opened.connection = new Connection(socket, order, order.body === undefined ? undefined : Buffer.from(order.body));
    await once(socket, 'connect');
    return opened.connection;
  }

  /** @param until epoch of performance.now() @returns when it sends its last request; `onAnswer` is told of each, with when it was sent */
  run(request: Buffer, until: number, onAnswer: (sentAt: number, now: number) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      let sentAt = performance.now();
      this.failed = reject;
      this.answered = () => {
        const now = performance.now();
        onAnswer(sentAt, now);
        sentAt = now;
        if (now < until) this.socket.write(request);
        else resolve();
      };
      this.socket.write(request);
    });
  }

  close(): void {
    this.failed = () => undefined;
    this.socket.destroy();
  }

  private take(chunk: Buffer): boolean {
    const received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const end = received.indexOf(HEAD_END);
    const head = end < 0 ? '' : received.toString('latin1', 0, end);
    const total = end + HEAD_END.length + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    if (end < 0 || received.length < total) {
      this.received = Buffer.from(received); // The connection's buffer is read into again.
      return true;
    }
    this.received = Buffer.alloc(0);
    const body = received.subarray(end + HEAD_END.length);
    const right = Number(head.slice(9, 12)) === this.order.status && (this.body === undefined || body.equals(this.body)) && !/\r\nx-amz-function-error:/i.test(head);
    if (right) this.answered();
    else this.failed(new Error(`Wrong answer: ${head}\n\n${body.toString('utf8', 0, 500)}`));
    return true;
  }
}

async function load(order: LoadOrder): Promise<LoadResult> {
  const request = Buffer.from(order.request, 'base64');
  const connections = await Promise.all(Array.from({ length: order.connections }, () => Connection.open(order)));
  const begin = performance.now() + order.warmUpMs;
  const times: number[] = [];
  const onAnswer = (sentAt: number, now: number) => {
    if (sentAt >= begin) times.push(now - sentAt);
  };
  await Promise.all(connections.map((connection) => connection.run(request, begin + order.durationMs, onAnswer)));
  for (const connection of connections) connection.close();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] as number;
  return { p50Ms: at(0.5), p99Ms: at(0.99), perSecond: times.length / (order.durationMs / 1000), count: times.length };
}

process.on('message', (order: LoadOrder) => {
  load(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
