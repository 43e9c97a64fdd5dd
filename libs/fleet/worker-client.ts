import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { InfrastructureError, ServiceError } from '@hearth/kernel';
import type { InvocationOutcome, InvocationRequest, ProvisionOrder, ProvisionReport, ResponseSink } from '@hearth/sandbox';
import type { ImageRequest } from './image-request.js';
import { signatureHeaders } from './fleet-signature.js';
import { decodeFrame, encodeFrame } from './frames.js';
import { readAnswerStream, STREAM_HEADER } from './streamed-answer.js';
import { NOT_STARTED_HEADER, type SerialisedServiceError, type WireRequest } from './worker-server.js';

/** It is certain that the function did not start: another worker may be tried. */
export class NotStarted extends Error {
  override readonly name = 'NotStarted';
}

const CONNECT_MS = 2_000;
/** Beyond the function's own timeout: cold start and queueing in the worker. */
const ANSWER_MARGIN_MS = 120_000;
/** The worker only notes what is ordered. */
const PROVISION_MS = 5_000;
/** A registry is asked, or an image of up to 10 GB fetched. */
const LOCATE_MS = 60_000;
const FETCH_MS = 1_860_000;

/** Speaks to workers over kept-alive connections. */
export class WorkerClient {
  readonly #agent = new Agent({ keepAlive: true, keepAliveMsecs: 10_000, maxFreeSockets: 256, scheduling: 'lifo' });

  constructor(private readonly secret: string) {}

  /**
   * @throws NotStarted when the worker cannot be reached or refuses because it drains
   * @throws InfrastructureError when the invocation was lost
   * @throws ServiceError as the worker threw it
   */
  async invoke(url: string, { payload, response, ...request }: InvocationRequest, signal?: AbortSignal): Promise<InvocationOutcome> {
    const header: WireRequest = response === undefined ? request : { ...request, streams: true };
    const body = encodeFrame(header, [payload]);
    const { status, headers, bytes } = await this.#post(url, '/invoke', body, header.spec.timeoutSeconds * 1_000 + ANSWER_MARGIN_MS, signal, response);
    const frame = decodeOrLost(bytes);
    if (status === 200) return { ...(frame.header as unknown as Omit<InvocationOutcome, 'payload' | 'logTail'>), payload: frame.bodies[0] ?? Buffer.alloc(0), logTail: frame.bodies[1] ?? Buffer.alloc(0) };
    const message = String((frame.header as { message?: unknown }).message);
    if (status === 422) throw serviceErrorOf(frame.header);
    if (headers[NOT_STARTED_HEADER] !== undefined || status === 401) throw new NotStarted(`${url}: ${message}`);
    throw new InfrastructureError(`worker ${url}: ${message}`);
  }

  /**
   * @param orders absent: only asks what is held
   * @throws InfrastructureError when the worker does not answer or refuses
   */
  async provision(url: string, orders: readonly ProvisionOrder[] | undefined): Promise<ProvisionReport> {
    try {
      const { status, bytes } = await this.#post(url, '/provision', encodeFrame({ orders }, []), PROVISION_MS);
      const { header } = decodeOrLost(bytes);
      if (status === 200) return header as unknown as ProvisionReport;
      throw new InfrastructureError(`worker ${url}: ${String(header['message'])}`);
    } catch (error) {
      throw error instanceof NotStarted ? new InfrastructureError(error.message, { cause: error }) : error;
    }
  }

  /**
   * @throws NotStarted when the worker cannot be reached, InfrastructureError, ServiceError as the worker threw it
   */
  async image(url: string, request: ImageRequest): Promise<Record<string, unknown>> {
    const { status, bytes } = await this.#post(url, '/image', encodeFrame(request, []), 'locate' in request ? LOCATE_MS : FETCH_MS);
    const { header } = decodeOrLost(bytes);
    if (status === 200) return header;
    if (status === 422) throw serviceErrorOf(header);
    throw new InfrastructureError(`worker ${url}: ${String(header['message'])}`);
  }

  /** Whether somebody answers there, over a connection of its own. */
  async answers(url: string): Promise<boolean> {
    try {
      await fetch(`${url}/health`, { signal: AbortSignal.timeout(CONNECT_MS) });
      return true;
    } catch {
      return false; // Whatever the reason: it did not answer, which is what was asked.
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #post(url: string, path: string, body: Buffer, answerMs: number, signal?: AbortSignal, sink?: ResponseSink): Promise<{ status: number; headers: IncomingMessage['headers']; bytes: Buffer }> {
    let connected = false;
    const request = httpRequest(`${url}${path}`, {
      method: 'POST',
      agent: this.#agent,
      signal,
      headers: { ...signatureHeaders(this.secret, path, body, Date.now()), 'content-type': 'application/octet-stream', 'content-length': body.length },
    });
    watchConnection(request, () => (connected = true));
    const deadline = setTimeout(() => request.destroy(new Error('the worker did not answer in time')), answerMs);
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        request.on('response', resolve).on('error', reject);
        request.end(body);
      });
      if (sink !== undefined && response.headers[STREAM_HEADER] !== undefined) return { status: 200, headers: response.headers, bytes: await readAnswerStream(response, sink) };
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      return { status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) };
    } catch (error) {
      if (signal?.aborted) throw new InfrastructureError('the invocation was aborted', { cause: error });
      const message = error instanceof Error ? error.message || (error as { code?: string }).code : String(error);
      if (!connected) throw new NotStarted(`${url} cannot be reached: ${message}`, { cause: error });
      throw new InfrastructureError(`the connection to worker ${url} broke: ${message}`, { cause: error });
    } finally {
      clearTimeout(deadline);
    }
  }
}

function serviceErrorOf(header: object): ServiceError {
  const { code, status, message, options } = header as SerialisedServiceError;
  return new ServiceError(code, status, message, options);
}

/** Only before the connection stands is it certain that nothing arrived. A kept-alive one counts as standing. */
function watchConnection(request: ClientRequest, onConnected: () => void): void {
  request.once('socket', (socket) => {
    if (!socket.connecting) return onConnected();
    const timer = setTimeout(() => request.destroy(new Error(`no connection within ${CONNECT_MS} ms`)), CONNECT_MS);
    socket.once('close', () => clearTimeout(timer));
    socket.once('connect', () => {
      clearTimeout(timer);
      onConnected();
    });
  });
}

function decodeOrLost(bytes: Buffer): ReturnType<typeof decodeFrame<Record<string, unknown>>> {
  try {
    return decodeFrame(bytes);
  } catch (error) {
    throw new InfrastructureError('the worker answered with something that is no frame', { cause: error });
  }
}
