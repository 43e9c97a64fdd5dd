import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { getServers } from 'node:dns';
import { connect, isIPv6, type Server } from 'node:net';

/** Where every container's /etc/resolv.conf points; the worker answers there in sandboxes that have a network. */
export const NAME_SERVER = '127.0.0.1';
/** Longest wait for one server, in ms. */
const TIMEOUT_MS = 4_000;
/** Questions of one sandbox under way; more are dropped, as by any busy server, and asked again. */
const MAX_QUESTIONS = 256;
const MAX_CONNECTIONS = 16;

export interface NameServerOptions {
  /** `ADDRESS` or `ADDRESS:PORT`, in the order they are asked. Default: those of this machine. */
  servers?: () => readonly string[];
}

/**
 * Name resolution for sandboxes: questions to 127.0.0.1 port 53 inside the sandbox are passed on, as they are, to the name servers of this
 * machine. So that they need not be reachable from the sandbox, which may be the host's own or on a private address.
 */
export class NameServer {
  constructor(private readonly options: NameServerOptions = {}) {}

  /** Serves one sandbox's sockets until `close`. */
  serve(questions: Socket, connections: Server): { close(): void } {
    const asked = new Set<Socket>();
    const open = new Set<{ destroy(): void }>();
    questions.on('message', (question, from) => {
      if (asked.size < MAX_QUESTIONS) this.ask(question, [...this.servers()], asked, (answer) => send(questions, answer, from));
    });
    questions.on('error', () => undefined); // A sandbox that went away; its end closes the socket.
    connections.on('error', () => undefined);
    connections.on('connection', (client) => {
      const server = this.servers()[0];
      if (server === undefined || open.size >= MAX_CONNECTIONS) {
        client.destroy();
        return;
      }
      const upstream = connect(server);
      const end = (): void => {
        client.destroy();
        upstream.destroy();
        open.delete(client);
      };
      open.add(client);
      for (const socket of [client, upstream]) socket.setTimeout(TIMEOUT_MS, end).once('close', end).on('error', end);
      client.pipe(upstream).pipe(client);
    });
    return {
      close: () => {
        questions.close();
        connections.close();
        for (const socket of asked) socket.close();
        asked.clear();
        for (const connection of open) connection.destroy();
      },
    };
  }

  private servers(): { host: string; port: number }[] {
    return (this.options.servers?.() ?? getServers()).map((server) => {
      const match = /^\[?([0-9a-f:]*:[0-9a-f:]+|[\d.]+)\]?(?::(\d+))?$/i.exec(server);
      return { host: match?.[1] ?? server, port: Number(match?.[2] ?? 53) };
    });
  }

  /** A new socket per question: its port is as hard to guess as the question's id. */
  private ask(
    question: Buffer,
    servers: { host: string; port: number }[],
    asked: Set<Socket>,
    answered: (answer: Buffer) => void,
  ): void {
    const server = servers.shift();
    if (server === undefined || question.length < 12) return;
    const socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4');
    const done = (): boolean => {
      clearTimeout(timer);
      if (!asked.delete(socket)) return false;
      socket.close();
      return true;
    };
    const next = (): void => {
      if (done()) this.ask(question, servers, asked, answered);
    };
    const timer = setTimeout(next, TIMEOUT_MS);
    timer.unref();
    asked.add(socket);
    socket.on('error', next);
    // Connected: only the server's own answers arrive.
    socket.connect(server.port, server.host, () => socket.send(question));
    socket.on('message', (answer) => {
      if (answer.length >= 2 && answer.readUInt16BE(0) === question.readUInt16BE(0) && done()) answered(answer);
    });
  }
}

function send(socket: Socket, answer: Buffer, to: RemoteInfo): void {
  try {
    socket.send(answer, to.port, to.address, () => undefined);
  } catch {
    // Closed with its sandbox meanwhile.
  }
}
