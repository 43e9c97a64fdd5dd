import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { InfrastructureError, OperatorError, ServiceError } from '@hearth/kernel';
import type { Logger } from '@hearth/queue';
import type { ImageHost, InvocationRequest, ProvisionOrder } from '@hearth/sandbox';
import { imageAnswer } from './image-request.js';
import { requireFleetSecret, verify } from './fleet-signature.js';
import { decodeFrame, encodeFrame } from './frames.js';
import type { InvocationRunner } from './local-fleet.js';
import { AnswerStream } from './streamed-answer.js';

export interface WorkerServerOptions {
  pool: InvocationRunner;
  /** Absent: the worker runs no container images. */
  images?: ImageHost;
  /** HEARTH_FLEET_SECRET; required. */
  secret: string | undefined;
  host: string;
  /** 0 chooses a free one. */
  port: number;
  logger: Logger;
}

/** Tells the fleet that the function did not start, so that another worker may be tried. */
export const NOT_STARTED_HEADER = 'x-hearth-not-started';
/** A 6 MB payload, environment and client context. */
const MAX_BODY_BYTES = 8_388_608;
/** Longer than the fleet keeps an idle connection, so that it is never this side that closes one. */
const KEEP_ALIVE_MS = 120_000;
const MAX_WARM_KEYS = 256;

/** `streams`: the response is wanted as it comes. */
export type WireRequest = Omit<InvocationRequest, 'payload' | 'response'> & { streams?: true };

/** What a signed request may ask for. */
const PATHS: ReadonlySet<string> = new Set(['/invoke', '/provision', '/image']);

/** The worker's door: `POST /invoke`, `POST /provision`, `POST /image` and `GET /health`. */
export class WorkerServer {
  readonly #server: Server;
  readonly #secret: string;
  readonly #recentKeys = new Set<string>();
  #running = 0;
  #draining = false;
  #drained: () => void = () => undefined;

  /** @throws OperatorError without a secret */
  constructor(private readonly options: WorkerServerOptions) {
    this.#secret = requireFleetSecret(options.secret);
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 60_000, noDelay: true }, (request, response) => void this.#serve(request, response));
  }

  /** @returns the port it listens on; @throws OperatorError when the address is taken */
  async listen(): Promise<number> {
    const { host, port } = this.options;
    this.#server.listen(port, host);
    try {
      await once(this.#server, 'listening');
    } catch (error) {
      throw new OperatorError(`The worker cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}.`, 'Free the port, or set HEARTH_WORKER_HOST and HEARTH_WORKER_PORT.');
    }
    return (this.#server.address() as { port: number }).port;
  }

  get running(): number {
    return this.#running;
  }

  get recentKeys(): string[] {
    return [...this.#recentKeys];
  }

  /** Refuses new invocations, and resolves when the running ones have ended. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#running > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
  }

  /** Breaks what still runs. */
  async close(): Promise<void> {
    this.#draining = true;
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      if (request.method === 'GET' && request.url === '/health') return this.#health(response);
      if (request.method !== 'POST' || !PATHS.has(request.url ?? '')) return answer(response, 404, { message: 'no such resource' });
      const body = await readBody(request);
      if (body === undefined) return answer(response, 413, { message: 'the request is too large' });
      const verdict = verify(this.#secret, request.url!, request.headers, body, Date.now());
      if (verdict !== 'valid') {
        this.options.logger.warn({ from: request.socket.remoteAddress, verdict }, 'a request to the worker was refused');
        return answer(response, 401, { message: verdict === 'wrong-time' ? 'the clocks of the two hosts differ by more than 5 minutes' : 'HEARTH_FLEET_SECRET differs' });
      }
      if (this.#draining) return answer(response, 503, { message: 'the worker is draining' }, [], { [NOT_STARTED_HEADER]: 'draining' });
      if (request.url === '/provision') this.#provision(body, response);
      else if (request.url === '/image') await this.#image(body, response);
      else await this.#invoke(body, response);
    } catch (error) {
      this.options.logger.error({ err: error }, 'a request to the worker failed');
      if (!response.headersSent) answer(response, 500, { message: error instanceof Error ? error.message : String(error) });
      else response.destroy();
    }
  }

  #health(response: ServerResponse): void {
    const state = this.#draining ? 'draining' : 'ready';
    response.writeHead(this.#draining ? 503 : 200, { 'content-type': 'application/json' }).end(JSON.stringify({ state, running: this.#running }));
  }

  /** Without orders it only tells what is held. */
  #provision(body: Buffer, response: ServerResponse): void {
    const { orders } = decodeFrame<{ orders?: ProvisionOrder[] }>(body).header;
    if (orders !== undefined) this.options.pool.provision(orders);
    answer(response, 200, this.options.pool.provisionReport());
  }

  async #image(body: Buffer, response: ServerResponse): Promise<void> {
    try {
      answer(response, 200, await imageAnswer(this.options.images, decodeFrame(body).header));
    } catch (error) {
      if (error instanceof ServiceError) answer(response, 422, serialised(error));
      else if (error instanceof InfrastructureError) answer(response, 500, { message: error.message });
      else throw error;
    }
  }

  async #invoke(body: Buffer, response: ServerResponse): Promise<void> {
    const {
      header: { streams, ...header },
      bodies,
    } = decodeFrame<WireRequest>(body);
    const stream = streams === undefined ? undefined : new AnswerStream(response);
    // Whoever asked is gone or gave up: nobody would hear the answer.
    const abort = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) abort.abort(new InfrastructureError('the caller of the worker went away'));
    });
    this.#begin(header.spec.sandboxKey);
    try {
      const { payload, logTail, ...outcome } = await this.options.pool.invoke({ ...header, payload: bodies[0] ?? Buffer.alloc(0), response: stream }, abort.signal);
      if (stream?.begun) stream.end(encodeFrame(outcome, [payload, logTail]));
      else answer(response, 200, outcome, [payload, logTail]);
    } catch (error) {
      // The caller learns from the cut that it was not all.
      if (stream?.begun) throw error;
      if (error instanceof ServiceError) answer(response, 422, serialised(error));
      else if (error instanceof InfrastructureError) answer(response, 500, { message: error.message });
      else throw error;
    } finally {
      this.#end();
    }
  }

  #begin(sandboxKey: string): void {
    this.#running++;
    this.#recentKeys.delete(sandboxKey); // Back in at the young end.
    this.#recentKeys.add(sandboxKey);
    if (this.#recentKeys.size > MAX_WARM_KEYS) for (const oldest of this.#recentKeys) return void this.#recentKeys.delete(oldest);
  }

  #end(): void {
    this.#running--;
    if (this.#running === 0) this.#drained();
  }
}

/** A ServiceError on the wire between worker and fleet; its cause stays in the worker's log. */
export interface SerialisedServiceError {
  code: string;
  status: number;
  message: string;
  options: Omit<ServiceError['options'], 'cause'>;
}

function serialised({ code, status, message, options: { cause: _cause, ...options } }: ServiceError): SerialisedServiceError {
  return { code, status, message, options };
}

function answer(response: ServerResponse, status: number, header: object, bodies: readonly Uint8Array[] = [], headers: Record<string, string> = {}): void {
  const frame = encodeFrame(header, bodies);
  response.writeHead(status, { ...headers, 'content-type': 'application/octet-stream', 'content-length': frame.length }).end(frame);
}

/** @returns undefined when it is larger than allowed */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size);
}
