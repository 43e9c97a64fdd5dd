import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InfrastructureError, projectRoot } from '@hearth/kernel';

const DEADLINE_MS = 10_000;
const HELPER = 'libs/sandbox/drivers/namespace-listener.pl';

/** Run inside the sandbox's network namespace, open a socket there, hand it over and end. */
const OPEN = {
  'net.Server': `
const server = require('node:net').createServer();
server.listen(Number(process.argv[1]), '127.0.0.1', () => process.send('listening', server, () => process.exit(0)));
`,
  'net.Socket': `
const socket = require('node:net').connect(Number(process.argv[1]), '127.0.0.1');
socket.once('connect', () => process.send('connected', socket, () => process.exit(0)));
`,
} as const;

type Kind = keyof typeof OPEN;
interface Opened extends Record<Kind, unknown> {
  'net.Server': Server;
  'net.Socket': Socket;
}

/**
 * Listeners on and connections to 127.0.0.1 inside other processes' network namespaces, served by this process: a sandbox needs no agent and no
 * network of its own. A helper in Perl opens them (namespace-listener.pl); where it cannot run, a Node process per socket does, which takes 70 ms instead
 * of one.
 */
export class NamespaceListeners {
  private helper: Helper | undefined;
  private helperIsUsable = true;

  /** @throws InfrastructureError when the namespace cannot be entered (needs root) or the deadline passes */
  listen(pid: number, port: number): Promise<Server> {
    return this.open(pid, port, 'net.Server');
  }

  /** The connection may still be refused after this: the socket says so then. @throws InfrastructureError as above */
  connect(pid: number, port: number): Promise<Socket> {
    return this.open(pid, port, 'net.Socket');
  }

  private async open<K extends Kind>(pid: number, port: number, kind: K): Promise<Opened[K]> {
    if (this.helperIsUsable) {
      if (!this.helper?.alive) this.helper = new Helper();
      const { helper } = this;
      try {
        return await helper.open(pid, port, kind);
      } catch (error) {
        if (!(error instanceof HelperEnded)) throw error;
        // No Perl here, or one that cannot do it.
        if (!helper.worked) this.helperIsUsable = false;
      }
    }
    return openByNode(pid, port, kind);
  }

  close(): void {
    this.helper?.end();
  }
}

class HelperEnded extends Error {}

/** One life of the helper. */
class Helper {
  alive = true;
  /** It has answered. */
  worked = false;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, { resolve(opened: Server | Socket): void; reject(error: Error): void }>();
  private lastId = 0;

  constructor() {
    this.child = spawn('perl', [join(projectRoot(), HELPER)], { env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    // Neither the helper nor its idle channel keeps this process alive.
    this.child.unref();
    this.child.channel?.unref();
    this.child.on('message', (answer: { id: number; error?: string }, handle) => this.answered(answer, handle as Server | Socket | undefined));
    this.child.once('error', () => this.ended());
    this.child.once('exit', () => this.ended());
  }

  /** @throws HelperEnded when it went away first */
  open<K extends Kind>(pid: number, port: number, kind: K): Promise<Opened[K]> {
    const id = ++this.lastId;
    return new Promise<Opened[K]>((resolve, reject) => {
      const settled = (): void => {
        clearTimeout(timer);
        this.waiting.delete(id);
        if (this.waiting.size === 0) this.child.channel?.unref();
      };
      const waiter = {
        resolve: (opened: Server | Socket): void => {
          settled();
          resolve(opened as Opened[K]);
        },
        reject: (error: Error): void => {
          settled();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        waiter.reject(cannotOpen('no answer in time'));
        this.end();
      }, DEADLINE_MS);
      this.waiting.set(id, waiter);
      this.child.channel?.ref();
      this.child.send({ id, pid, port, kind }, (error) => {
        if (error) this.ended();
      });
    });
  }

  end(): void {
    this.alive = false;
    this.child.kill('SIGKILL');
  }

  private answered({ id, error }: { id: number; error?: string }, opened: Server | Socket | undefined): void {
    this.worked = true;
    const waiter = this.waiting.get(id);
    if (waiter === undefined) discard(opened);
    else if (opened) waiter.resolve(opened);
    else waiter.reject(cannotOpen(error ?? 'the socket did not arrive'));
  }

  private ended(): void {
    this.alive = false;
    for (const waiter of [...this.waiting.values()]) waiter.reject(new HelperEnded());
  }
}

/** Whether this process may enter network namespaces at all: it takes CAP_SYS_ADMIN. */
export async function mayEnterNamespaces(): Promise<boolean> {
  try {
    await promisify(execFile)('nsenter', ['--net=/proc/self/ns/net', 'true'], { timeout: DEADLINE_MS });
    return true;
  } catch {
    // Not allowed, or no nsenter here: the same for sandboxes.
    return false;
  }
}

function discard(opened: Server | Socket | undefined): void {
  if (opened && 'destroy' in opened) opened.destroy();
  else opened?.close();
}

/** What {@link NamespaceListeners} falls back on. */
export function openByNode<K extends Kind>(pid: number, port: number, kind: K): Promise<Opened[K]> {
  if (isOwnNamespace(pid)) return Promise.reject(cannotOpen(`process ${pid} is not in a namespace of its own`));
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', ['-t', String(pid), '-n', process.execPath, '-e', OPEN[kind], String(port)], {
      env: {},
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let complaint = '';
    child.stderr!.on('data', (chunk: Buffer) => (complaint += chunk.toString('utf8')));
    const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
    child.once('message', (_message, opened) => {
      clearTimeout(timer);
      resolve(opened as Opened[K]);
    });
    const fail = (cause: string): void => {
      clearTimeout(timer);
      reject(cannotOpen(cause));
    };
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(complaint.trim() || `nsenter ended with ${code ?? signal}`));
  });
}

/** The process ended and its number was given to one of the host's: nothing may be opened there. */
function isOwnNamespace(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net');
  } catch {
    // Gone; nsenter says so.
    return false;
  }
}

function cannotOpen(cause: string): InfrastructureError {
  return new InfrastructureError(`No socket can be opened in the sandbox: ${cause}`);
}
