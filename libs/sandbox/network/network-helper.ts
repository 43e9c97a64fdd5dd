import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:dgram';
import { join } from 'node:path';
import { InfrastructureError, projectRoot } from '@hearth/kernel';

const DEADLINE_MS = 10_000;
const HELPER = 'libs/sandbox/drivers/sandbox-network.pl';

/** The process that sets up sandboxes' network namespaces (sandbox-network.pl), started when it is first needed. */
export class NetworkHelper {
  private life: Life | undefined;

  /**
   * @param pid of a process in the namespace; 0: in one made for the purpose, which goes at once
   * @param steps as sandbox-network.pl has them
   * @returns the socket of the name server, if one was among the steps
   * @throws InfrastructureError naming the step that failed
   */
  prepare(pid: number, steps: readonly string[]): Promise<Socket | undefined> {
    if (!this.life?.alive) this.life = new Life();
    return this.life.ask(pid, steps);
  }

  close(): void {
    this.life?.end();
  }
}

class Life {
  alive = true;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, { resolve(socket: Socket | undefined): void; reject(error: Error): void }>();
  private lastId = 0;

  constructor() {
    this.child = spawn('perl', [join(projectRoot(), HELPER)], { env: {}, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    // Neither the helper nor its idle channel keeps this process alive.
    this.child.unref();
    this.child.channel?.unref();
    this.child.on('message', ({ id, error }: { id: number; error?: string }, handle) => {
      const socket = handle as unknown as Socket | undefined;
      const waiter = this.waiting.get(id);
      if (waiter === undefined) socket?.close();
      else if (error === undefined) waiter.resolve(socket);
      else waiter.reject(failure(error));
    });
    this.child.once('error', (error) => this.ended(error.message));
    this.child.once('exit', (code, signal) => this.ended(`its helper ended with ${code ?? signal}`));
  }

  async ask(pid: number, steps: readonly string[]): Promise<Socket | undefined> {
    const id = ++this.lastId;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Socket | undefined>((resolve, reject) => {
        timer = setTimeout(() => {
          reject(failure('no answer in time'));
          this.end();
        }, DEADLINE_MS);
        this.waiting.set(id, { resolve, reject });
        this.child.channel?.ref();
        this.child.send({ id, pid, do: steps.join(';') }, (error) => {
          if (error) this.ended(error.message);
        });
      });
    } finally {
      clearTimeout(timer);
      this.waiting.delete(id);
      if (this.waiting.size === 0) this.child.channel?.unref();
    }
  }

  end(): void {
    this.alive = false;
    this.child.kill('SIGKILL');
  }

  private ended(why: string): void {
    this.alive = false;
    for (const waiter of [...this.waiting.values()]) waiter.reject(failure(why));
  }
}

function failure(cause: string): InfrastructureError {
  return new InfrastructureError(`The sandbox's network cannot be made: ${cause}`);
}
