import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { InfrastructureError, projectRoot } from '@hearth/kernel';

const DEADLINE_MS = 10_000;
const HELPER = 'libs/sandbox/drivers/namespace-mounts.pl';

export interface MountOrder {
  /** Directory on this machine; absent: what is mounted at the target is taken off, and nothing comes in its place. */
  source?: string;
  /** Where the sandbox sees it. */
  target: string;
  readOnly: boolean;
  /** Takes off what is mounted there. */
  replaces?: boolean;
}

/** A process in a mount namespace of its own. */
export interface MountPlace {
  pid: number;
  /** What /proc/PID/ns/mnt named when the process was known to live: process ids are used again. */
  namespace: string;
}

/** @throws Error when the process is gone */
export function mountPlaceOf(pid: number): MountPlace {
  return { pid, namespace: readlinkSync(`/proc/${pid}/ns/mnt`) };
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

/** Mounts directories of this machine into sandboxes that run, in well under a millisecond: a helper in Perl does it (namespace-mounts.pl). */
export class NamespaceMounts {
  private child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  private readonly waiting = new Map<string, Waiter>();
  private lastId = 0;

  /** All of them or an error. @throws InfrastructureError when it may not or cannot be done here (root, Linux 5.12) or takes too long */
  async mount(place: MountPlace, orders: readonly MountOrder[]): Promise<void> {
    this.child ??= this.start();
    const { stdin } = this.child;
    const id = String(++this.lastId);
    const words = orders.map(
      ({ source = '', target, readOnly, replaces }) =>
        `${readOnly ? 'ro' : 'rw'}${replaces ? '+' : ''}:${hex(source)}:${hex(target)}`,
    );
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        timer = setTimeout(() => reject(cannot('no answer in time')), DEADLINE_MS);
        this.waiting.set(id, { resolve, reject });
        stdin.write(`${[id, place.pid, place.namespace, ...words].join(' ')}\n`);
      });
    } finally {
      clearTimeout(timer);
      this.waiting.delete(id);
    }
  }

  close(): void {
    this.child?.kill('SIGKILL');
  }

  private start(): ChildProcessByStdio<Writable, Readable, null> {
    const child = spawn('perl', [join(projectRoot(), HELPER)], { env: {}, stdio: ['pipe', 'pipe', 'ignore'] });
    // Neither the helper nor its pipes keep this process alive.
    child.unref();
    for (const pipe of [child.stdin, child.stdout]) (pipe as unknown as { unref(): void }).unref();
    const ended = (): void => {
      if (this.child === child) this.child = undefined;
      for (const waiter of this.waiting.values()) waiter.reject(cannot('its helper ended'));
    };
    child.once('error', ended);
    child.once('exit', ended);
    child.stdin.on('error', ended);
    createInterface(child.stdout).on('line', (line) => {
      const [, id, result] = /^(\d+) (.*)$/.exec(line) ?? [];
      const waiter = this.waiting.get(id ?? '');
      if (result === 'ok') waiter?.resolve();
      else waiter?.reject(cannot(result?.replace(/^error /, '').trim() ?? line));
    });
    return child;
  }
}

function hex(path: string): string {
  return Buffer.from(path, 'utf8').toString('hex');
}

function cannot(why: string): InfrastructureError {
  return new InfrastructureError(`Nothing can be mounted in a running sandbox: ${why}`);
}
