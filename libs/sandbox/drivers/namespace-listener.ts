import { execFile, spawn, type ChildProcess } from 'node:child_process';
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

interface Waiting {
  resolve(listener: Server): void;
  reject(error: Error): void;
}

/**
 * Listeners on 127.0.0.1 inside other processes' network namespaces, served by this process: a sandbox needs no agent and no network of its
 * own. A helper in Perl opens them (namespace-listener.pl); where it cannot run, a Node process per listener does, which takes 70 ms instead
 * of one.
 */
export class NamespaceListeners {
  private helper: ChildProcess | undefined;
  private helperIsUsable = true;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  /** @throws InfrastructureError when the namespace cannot be entered (needs root) or the deadline passes */
  async listen(pid: number, port: number): Promise<Server> {
    if (this.helperIsUsable) {
      try {
        return await this.ask(pid, port);
      } catch (error) {
        if (!(error instanceof HelperUnusable)) throw error;
      }
    }
    return listenByNode(pid, port);
  }

  close(): void {
    this.helper?.kill('SIGKILL');
    this.helper = undefined;
  }

  private ask(pid: number, port: number): Promise<Server> {
    const helper = (this.helper ??= this.start());
    const id = ++this.lastId;
    return new Promise<Server>((resolve, reject) => {
      const settled = (): void => {
        clearTimeout(timer);
        this.waiting.delete(id);
        if (this.waiting.size === 0) helper.channel?.unref();
      };
      const waiter: Waiting = {
        resolve: (listener) => {
          settled();
          resolve(listener);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      };
      const timer = setTimeout(() => {
        waiter.reject(cannotOpen('no answer in time'));
        helper.kill('SIGKILL');
      }, DEADLINE_MS);
      this.waiting.set(id, waiter);
      helper.channel?.ref();
      helper.send({ id, pid, port }, (error) => {
        if (error) this.waiting.get(id)?.reject(new HelperUnusable());
      });
    });
  }

  private start(): ChildProcess {
    const helper = spawn('perl', [join(projectRoot(), HELPER)], { env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    // Neither the helper nor its idle channel keeps this process alive.
    helper.unref();
    helper.channel?.unref();
    let answered = false;
    helper.on('message', ({ id, error }: { id: number; error?: string }, handle) => {
      answered = true;
      const waiter = this.waiting.get(id);
      if (waiter === undefined) (handle as Server | undefined)?.close();
      else if (handle) waiter.resolve(handle as Server);
      else waiter.reject(cannotOpen(error ?? 'the socket did not arrive'));
    });
    const ended = (): void => {
      if (this.helper === helper) this.helper = undefined;
      // It never worked: no Perl here, or one that cannot do it.
      if (!answered) this.helperIsUsable = false;
      for (const waiter of this.waiting.values()) waiter.reject(new HelperUnusable());
    };
    helper.once('error', ended);
    helper.once('exit', ended);
    return helper;
  }
}

class HelperUnusable extends Error {}

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

function listenByNode(pid: number, port: number): Promise<Server> {
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

function cannotOpen(cause: string): InfrastructureError {
  return new InfrastructureError(`No listener can be opened in the sandbox: ${cause}`);
}
