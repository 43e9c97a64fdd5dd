import { Agent as HttpAgent, createServer, request as httpRequest, type ClientRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Server as NetServer, Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { isForFunctions } from './api-paths.js';

/** Inside every sandbox Hearth's API has the address that it has on a machine with default settings. */
export const API_PORT = 4_510;
export const API_ENDPOINT = `http://127.0.0.1:${API_PORT}`;

export interface ApiBridgeOptions {
  /** Where this process reaches Hearth's API, `http[s]://HOST[:PORT]`; undefined until that is known. */
  endpoint: () => string | undefined;
  /** One sentence for the operator's log. */
  report(message: string): void;
  maxConnectionsPerSandbox?: number;
  maxConnections?: number;
}

/** Some more than the 50 of an SDK's client. */
const CONNECTIONS_PER_SANDBOX = 64;
const CONNECTIONS = 4_096;
/** SDKs expect a server to close what was idle for so long, and try again. */
const KEEP_ALIVE_MS = 60_000;
const HEAD_MS = 60_000;
/** The API's own limits for head and whole request. */
const MAX_HEAD_BYTES = 1_048_576;
const REQUEST_MS = 300_000;
const MAX_IDLE_UPSTREAM = 64;
const REPORT_EVERY_MS = 60_000;
/** They belong to one connection, not to the message (RFC 9110 section 7.6.1). */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'upgrade']);

/**
 * The way from sandboxes without a network to Hearth's API: HTTP taken from a listener inside the sandbox's network namespace, handed on to
 * the one endpoint there is.
 *
 * 1. Nothing in a request chooses where it goes: the endpoint comes from the settings.
 * 2. What the operator uses under /_hearth cannot be reached.
 * 3. Heads are passed on as they came, the Host among them: signatures cover them. Bodies are streamed, never held.
 * 4. Connections are bounded by sandbox and in all, and end with their sandbox.
 */
export class ApiBridge {
  private readonly http: Server;
  private readonly agents = { http: new HttpAgent({ keepAlive: true, maxFreeSockets: MAX_IDLE_UPSTREAM }), https: new HttpsAgent({ keepAlive: true, maxFreeSockets: MAX_IDLE_UPSTREAM }) };
  private connections = 0;
  private reportedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: ApiBridgeOptions) {
    this.http = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEAD_MS, requestTimeout: REQUEST_MS, maxHeaderSize: MAX_HEAD_BYTES }, (request, response) => this.forward(request, response));
    this.http.on('clientError', (_error, socket) => socket.destroy());
  }

  /** Serves one sandbox's listener until the answer's `close` is called. */
  serve(listener: NetServer): { close(): void } {
    const sockets = new Set<Socket>();
    const { maxConnectionsPerSandbox = CONNECTIONS_PER_SANDBOX, maxConnections = CONNECTIONS } = this.options;
    listener.on('connection', (socket) => {
      if (sockets.size >= maxConnectionsPerSandbox || this.connections >= maxConnections) {
        socket.destroy();
        return;
      }
      sockets.add(socket);
      this.connections += 1;
      socket.once('close', () => {
        sockets.delete(socket);
        this.connections -= 1;
      });
      this.http.emit('connection', socket);
    });
    const close = (): void => {
      listener.close();
      for (const socket of sockets) socket.destroy();
    };
    listener.on('error', close);
    return { close };
  }

  /** Lets go of idle connections to the API; listeners are closed by their sandboxes. */
  close(): void {
    this.agents.http.destroy();
    this.agents.https.destroy();
    this.http.close();
  }

  private forward(request: IncomingMessage, response: ServerResponse): void {
    const endpoint = this.options.endpoint();
    if (!isForFunctions(request.url ?? '')) return refuse(request, response, 404, 'ResourceNotFoundException', 'This path is not open to functions.');
    if (endpoint === undefined) return refuse(request, response, 503, 'ServiceUnavailableException', "Hearth's API is not open yet.");
    const upstream = this.upstream(new URL(endpoint), request);
    response.sendDate = false;
    response.once('close', () => upstream.destroy());
    upstream.once('response', (answer) => {
      response.writeHead(answer.statusCode!, answer.statusMessage, passedOn(answer.rawHeaders));
      // Either end may go away at any time; the other is then cut off by pipeline, and there is nobody left to tell.
      pipeline(answer, response, () => undefined);
    });
    upstream.on('error', (error) => this.failed(error, request, response));
    // Not pipeline: it would take the connection with it on which a failure is answered.
    request.on('error', () => upstream.destroy());
    request.pipe(upstream);
  }

  private upstream(endpoint: URL, request: IncomingMessage): ClientRequest {
    const secure = endpoint.protocol === 'https:';
    return (secure ? httpsRequest : httpRequest)({
      agent: secure ? this.agents.https : this.agents.http,
      host: endpoint.hostname.replace(/^\[|\]$/g, ''),
      port: endpoint.port === '' ? undefined : Number(endpoint.port),
      ...(secure ? { servername: endpoint.hostname } : {}),
      method: request.method,
      path: request.url,
      headers: passedOn(request.rawHeaders),
      setHost: false,
    });
  }

  private failed(error: Error, request: IncomingMessage, response: ServerResponse): void {
    if (response.destroyed) return; // The function or its sandbox went away first.
    const now = performance.now();
    if (now - this.reportedAt > REPORT_EVERY_MS) {
      this.reportedAt = now;
      this.options.report(`Functions cannot reach Hearth's API at ${this.options.endpoint()}: ${error.message}`);
    }
    if (response.headersSent) response.destroy();
    else refuse(request, response, 503, 'ServiceUnavailableException', "Hearth's API does not answer.");
  }
}

/** @param raw names and values in turn, as Node gives and takes them */
function passedOn(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < raw.length; index += 2) if (!HOP_BY_HOP.has(raw[index]!.toLowerCase())) kept.push(raw[index]!, raw[index + 1]!);
  return kept;
}

/** In a form that SDKs of JSON services read; they try a 503 again. */
function refuse(request: IncomingMessage, response: ServerResponse, status: number, code: string, message: string): void {
  request.unpipe();
  request.resume();
  const body = JSON.stringify({ Type: status < 500 ? 'User' : 'Service', Message: message });
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'x-amzn-errortype': code }).end(body);
}
