import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { InfrastructureError, projectRoot } from '@hearth/kernel';

const DEADLINE_MS = 10_000;
const HELPER = 'libs/sandbox/drivers/namespace-listener.pl';

/** Runs inside the sandbox's network namespace, opens the port there, hands the listening socket over and ends. */
const BIND = `
const server = require('node:net').createServer();
server.listen(Number(process.argv[1]), '127.0.0.1', () => process.send('listening', server, () => process.exit(0)));
`;

/**
 * Listeners on 127.0.0.1 inside other processes' network namespaces, served by this process: a sandbox needs no agent and no network of its
 * own. A helper in Perl opens them (namespace-listener.pl); where it cannot run, a Node process per listener does, which takes 70 ms instead
 * of one.
 */
export class NamespaceListeners {
  private helper: Helper | undefined;
  private helperIsUsable = true;

  /** @throws InfrastructureError when the namespace cannot be entered (needs root) or the deadline passes */
  async listen(pid: number, port: number): Promise<Server> {
    if (this.helperIsUsable) {
      if (!this.helper?.alive) this.helper = new Helper();
      const { helper } = this;
      try {
        return await helper.listen(pid, port);
      } catch (error) {
        if (!(error instanceof HelperEnded)) throw error;
        // No Perl here, or one that cannot do it.
        if (!helper.worked) this.helperIsUsable = false;
      }
    }
    return listenByNode(pid, port);
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
  private readonly waiting = new Map<number, { resolve(listener: Server): void; reject(error: Error): void }>();
  private lastId = 0;

  constructor() {
    this.child = spawn('perl', [join(projectRoot(), HELPER)], { env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    // Neither the helper nor its idle channel keeps this process alive.
    this.child.unref();
    this.child.channel?.unref();
    this.child.on('message', (answer: { id: number; error?: string }, handle) => this.answered(answer, handle as Server | undefined));
    this.child.once('error', () => this.ended());
    this.child.once('exit', () => this.ended());
  }

  /** @throws HelperEnded when it went away first */
  listen(pid: number, port: number): Promise<Server> {
    const id = ++this.lastId;
    return new Promise<Server>((resolve, reject) => {
      const settled = (): void => {
        clearTimeout(timer);
        this.waiting.delete(id);
        if (this.waiting.size === 0) this.child.channel?.unref();
      };
      const waiter = {
        resolve: (listener: Server): void => {
          settled();
          resolve(listener);
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
      this.child.send({ id, pid, port }, (error) => {
        if (error) this.ended();
      });
    });
  }

  end(): void {
    this.alive = false;
    this.child.kill('SIGKILL');
  }

  private answered({ id, error }: { id: number; error?: string }, listener: Server | undefined): void {
    this.worked = true;
    const waiter = this.waiting.get(id);
    if (waiter === undefined) listener?.close();
    else if (listener) waiter.resolve(listener);
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

/** What {@link NamespaceListeners} falls back on. */
export function listenByNode(pid: number, port: number): Promise<Server> {
  if (isOwnNamespace(pid)) return Promise.reject(cannotOpen(`process ${pid} is not in a namespace of its own`));
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', ['-t', String(pid), '-n', process.execPath, '-e', BIND, String(port)], {
      env: {},
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let complaint = '';
    child.stderr!.on('data', (chunk: Buffer) => (complaint += chunk.toString('utf8')));
    const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
    child.once('message', (_message, server) => {
      clearTimeout(timer);
      resolve(server as Server);
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
  return new InfrastructureError(`No listener can be opened in the sandbox: ${cause}`);
}
