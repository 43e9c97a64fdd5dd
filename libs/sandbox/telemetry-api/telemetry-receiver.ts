import { Agent, request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import type { Batch } from './telemetry-buffer.js';
import type { Destination } from './telemetry-subscription.js';

/** A connection to a port of 127.0.0.1 inside the sandbox. */
export type SandboxConnect = (port: number) => Promise<Socket>;

/** One subscriber's end: batches go out one after the other, over one connection. */
export interface TelemetryReceiver {
  /** Resolves when the receiver has taken it. @throws Error; the batch may have arrived all the same */
  deliver(batch: Batch): Promise<void>;
  close(): void;
}

/** An answer takes no longer, unless the receiver is frozen. */
const ANSWER_LIMIT_MS = 5_000;
/** Answers mean nothing but their status; who sends more than this means harm. */
const MAX_ANSWER_BYTES = 65_536;

export function receiverAt(destination: Destination, connect: SandboxConnect): TelemetryReceiver {
  return destination.protocol === 'HTTP' ? new HttpReceiver(destination, connect) : new TcpReceiver(destination.port, connect);
}

/** A POST of a JSON array per batch. */
class HttpReceiver implements TelemetryReceiver {
  private readonly agent: SandboxAgent;

  constructor(
    private readonly destination: Extract<Destination, { protocol: 'HTTP' }>,
    connect: SandboxConnect,
  ) {
    this.agent = new SandboxAgent(() => connect(destination.port));
  }

  deliver({ items }: Batch): Promise<void> {
    const { path, host } = this.destination;
    const body = `[${items.join(',')}]`;
    return new Promise((resolve, reject) => {
      const request = httpRequest({
        agent: this.agent,
        method: 'POST',
        path,
        headers: { host, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      });
      request.once('response', (response) => {
        const { statusCode = 0 } = response;
        discard(response, () => request.destroy(new Error('the answer is too long')));
        response.once('end', () => (statusCode >= 200 && statusCode < 300 ? resolve() : reject(new Error(`HTTP ${statusCode}`))));
        response.once('error', reject);
      });
      request.once('error', reject);
      request.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}

class SandboxAgent extends Agent {
  constructor(private readonly open: () => Promise<Socket>) {
    super({ keepAlive: true, maxSockets: 1 });
  }

  override createConnection(_options: unknown, opened?: (error: Error | null, stream: Duplex) => void): undefined {
    this.open().then(
      (socket) => opened?.(null, socket),
      (error: Error) => opened?.(error, undefined as unknown as Duplex),
    );
  }
}

/** JSON, an event a line. */
class TcpReceiver implements TelemetryReceiver {
  private socket: Socket | undefined;

  constructor(
    private readonly port: number,
    private readonly connect: SandboxConnect,
  ) {}

  async deliver({ items }: Batch): Promise<void> {
    const socket = this.socket ?? (await this.open());
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new Error('nobody reads')), ANSWER_LIMIT_MS);
      socket.write(`${items.join('\n')}\n`, (error) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  close(): void {
    this.socket?.destroy();
  }

  private async open(): Promise<Socket> {
    const socket = await this.connect(this.port);
    this.socket = socket;
    // 'close' follows; whoever writes hears of it too.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.socket === socket) this.socket = undefined;
    });
    discard(socket, () => socket.destroy());
    return socket;
  }
}

function discard(stream: Readable, tooMuch: () => void): void {
  let size = 0;
  stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) tooMuch();
  });
}
