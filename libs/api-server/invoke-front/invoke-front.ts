import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { AwsEndpoint } from '../aws-endpoint.js';
import { AwsRequest } from '../aws-request.js';
import { parseRequest } from './parse-request.js';
import { PlainAnswer } from './plain-answer.js';

const SWEEP_MS = 1_000;

interface Connection {
  socket: Socket;
  /** Epoch ms of its last request or answer. */
  usedAt: number;
  busy: boolean;
  /** The client has ended its side. */
  ended: boolean;
  onData(chunk: Buffer): void;
  onEnd(): void;
}

/**
 * Serves invocations straight from their connections: what Node's HTTP server costs a request, in streams, events and objects, is
 * more than Hearth's own part of a warm call (docs/decisions/0029).
 *
 * 1. Only whole requests of the plainest form are taken (parse-request.ts). At the first other one the connection goes to Node's server, with all
 *    that was read of it, for good.
 * 2. One request at a time: a client that sends more before it has its answer is Node's as soon as the answer is out.
 * 3. Nothing here waits for the rest of anything, so there are no half-read requests that could be held open.
 */
export class InvokeFront {
  private readonly connections = new Set<Connection>();
  private readonly keepAlive: string;
  private sweeper: NodeJS.Timeout | undefined;

  /**
   * @param keepAliveMs an idle connection is closed after this time
   * @param draining whether the server is about to close: connections end with their answer then
   */
  constructor(
    private readonly endpoint: Pick<AwsEndpoint, 'admit' | 'answer'>,
    private readonly keepAliveMs: number,
    private readonly draining: () => boolean,
  ) {
    this.keepAlive = `timeout=${Math.floor(keepAliveMs / 1_000)}`;
  }

  /** Puts itself between the server and its connections. */
  attach(server: Server): void {
    const listeners = server.listeners('connection') as ((socket: Socket) => void)[];
    server.removeAllListeners('connection');
    server.on('connection', (socket: Socket) => this.accept(socket, (rest) => handOver(socket, rest, () => listeners.forEach((listener) => listener.call(server, socket)))));
    this.sweeper = setInterval(() => this.closeIdle(Date.now() - this.keepAliveMs), SWEEP_MS);
    this.sweeper.unref();
  }

  /** Ends the connections that wait for a request; the others end with their answer. The server has to be draining. */
  drain(): void {
    clearInterval(this.sweeper);
    this.closeIdle(Number.POSITIVE_INFINITY);
  }

  /** Cuts every connection. */
  closeAll(): void {
    for (const { socket } of this.connections) socket.destroy();
  }

  private accept(socket: Socket, giveAway: (rest: Buffer) => void): void {
    const connection: Connection = {
      socket,
      usedAt: Date.now(),
      busy: false,
      ended: false,
      onData: (chunk) => {
        const request = connection.busy ? undefined : parseRequest(chunk);
        if (request !== undefined) return this.serve(connection, { ...request, socket }, request.body);
        if (!connection.busy) return release(chunk);
        // Read no further; what came early is Node's after the answer.
        socket.pause();
        socket.unshift(chunk);
      },
      onEnd: () => {
        connection.ended = true;
        if (!connection.busy) socket.end();
      },
    };
    const release = (rest: Buffer): void => {
      this.connections.delete(connection);
      socket.off('data', connection.onData).off('end', connection.onEnd).off('error', ignore);
      giveAway(rest);
    };
    this.connections.add(connection);
    // 'close' follows and says all there is to say.
    socket.on('error', ignore);
    socket.once('close', () => this.connections.delete(connection));
    socket.on('data', connection.onData).on('end', connection.onEnd);
  }

  private serve(connection: Connection, raw: ConstructorParameters<typeof AwsRequest>[0], body: Buffer): void {
    const { socket } = connection;
    connection.busy = true;
    const answer = new PlainAnswer(socket, this.draining() ? undefined : this.keepAlive, (closes) => {
      connection.busy = false;
      connection.usedAt = Date.now();
      if (closes || connection.ended) socket.end();
      else if (socket.isPaused()) socket.resume();
    });
    const request = new AwsRequest(raw);
    this.endpoint.admit(request, answer, () => this.endpoint.answer(request, answer, body));
  }

  private closeIdle(before: number): void {
    for (const { socket, busy, usedAt } of this.connections) if (!busy && usedAt <= before) socket.destroy();
  }
}

function ignore(): void {}

/** The other side reads what was read already before it reads on. */
function handOver(socket: Socket, rest: Buffer, to: () => void): void {
  socket.pause();
  socket.unshift(rest);
  to();
  process.nextTick(() => socket.resume());
}
