import { createServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import type { Server, Socket } from 'node:net';

/** Ten extensions with a few connections each. */
const MAX_CONNECTIONS = 64;

/** @returns false when the path is none of its own; nothing has been done with the request then */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/**
 * What is at AWS_LAMBDA_RUNTIME_API in a sandbox whose runtime speaks Hearth's own channel: everything but the Runtime API. The HTTP server
 * is made for the first connection; most sandboxes never see one.
 */
export class ExtensionEndpoint {
  private http: HttpServer | undefined;
  private readonly sockets = new Set<Socket>();
  private over = false;

  constructor(
    private readonly listener: Server,
    private readonly handler: RequestHandler,
  ) {
    listener.on('connection', (socket) => this.accept(socket));
    listener.on('error', () => this.close());
  }

  close(): void {
    this.over = true;
    this.listener.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(socket: Socket): void {
    if (this.over || this.sockets.size >= MAX_CONNECTIONS) {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    this.http ??= this.open();
    this.http.emit('connection', socket);
  }

  private open(): HttpServer {
    // An extension may wait for its next event for hours on one connection.
    const http = createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
      if (this.handler(request, response)) return;
      request.resume();
      const body = JSON.stringify({ errorMessage: '404 page not found', errorType: 'NotFound' });
      response.writeHead(404, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }).end(body);
    });
    http.on('clientError', (_error, socket) => socket.destroy());
    return http;
  }
}
