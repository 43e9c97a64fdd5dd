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

class Connection {
  private received: Buffer = Buffer.alloc(0);
  private waiting: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(
    private readonly socket: Socket,
    private readonly order: LoadOrder,
  ) {
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.take(chunk));
    socket.on('error', (error) => this.waiting?.reject(error));
    socket.on('close', () => this.waiting?.reject(new Error('The server closed the connection')));
  }

  exchange(request: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(request);
    });
  }

  private take(chunk: Buffer): void {
    this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
    const end = this.received.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.received.toString('latin1', 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    const total = end + 4 + Number(length?.[1] ?? 0);
    if (this.received.length < total) return;
    const body = this.received.toString('utf8', end + 4, total);
    this.received = this.received.subarray(total);
    const waiting = this.waiting;
    this.waiting = undefined;
    const status = Number(head.slice(9, 12));
    const right = status === this.order.status && (this.order.body === undefined || body === this.order.body) && !/\r\nx-amz-function-error:/i.test(head);
    if (right) waiting?.resolve();
    else waiting?.reject(new Error(`Wrong answer: ${head}\n\n${body.slice(0, 500)}`));
  }
}

async function load(order: LoadOrder): Promise<LoadResult> {
  const request = Buffer.from(order.request, 'base64');
  const sockets = await Promise.all(
    Array.from({ length: order.connections }, async () => {
      const socket = connect(order.port, '127.0.0.1');
      await once(socket, 'connect');
      return socket;
    }),
  );
  const connections = sockets.map((socket) => new Connection(socket, order));
  const begin = performance.now() + order.warmUpMs;
  const end = begin + order.durationMs;
  const times: number[] = [];
  await Promise.all(
    connections.map(async (connection) => {
      for (let start = performance.now(); start < end; ) {
        await connection.exchange(request);
        const now = performance.now();
        if (start >= begin) times.push(now - start);
        start = now;
      }
    }),
  );
  for (const socket of sockets) socket.destroy();
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
