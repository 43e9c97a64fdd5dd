import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';

/** An event waits no longer than this, in ms. */
export const LONGEST_WAIT_MS = 5;
/** The share of time in which the event loop was not idle, from which on the machine counts as out of CPU. */
const SATURATED = 0.8;
const LOOK_AGAIN_MS = 100;

interface Waiting<T> {
  since: number;
  resolve(freed: T | undefined): void;
}

export interface BriefWaitsOptions {
  /** As many sandboxes of a key are busy without anybody waiting for them; default: two per CPU. */
  enough?: number;
  /** Whether the machine has no CPU to spare; default: as this process's event loop has it. */
  saturated?: () => boolean;
}

/**
 * Events that wait for a sandbox which is just becoming free although others are idle: when the machine has no CPU to spare, waking
 * yet another sandbox only makes all of them slower, since each begins with cold caches (docs/decisions/0028).
 *
 * 1. Nobody waits while there is CPU to spare, or while fewer than `enough` sandboxes of the key are busy.
 * 2. First come, first served within a key; after LONGEST_WAIT_MS an event goes the ordinary way.
 */
export class BriefWaits<T> {
  private readonly busy = new Map<string, number>();
  private readonly lines = new Map<string, Waiting<T>[]>();
  private readonly enough: number;
  private readonly saturated: () => boolean;
  private timer: NodeJS.Timeout | undefined;

  constructor({ enough = availableParallelism() * 2, saturated = eventLoopSaturation() }: BriefWaitsOptions = {}) {
    this.enough = enough;
    this.saturated = saturated;
  }

  /** Whether an event of this key should wait rather than wake a sandbox. */
  worthwhile(key: string): boolean {
    return (this.busy.get(key) ?? 0) >= this.enough && this.saturated();
  }

  /** @returns what became free; undefined when nothing did in time */
  wait(key: string): Promise<T | undefined> {
    return new Promise((resolve) => {
      const waiting = { since: performance.now(), resolve };
      const line = this.lines.get(key);
      if (line === undefined) this.lines.set(key, [waiting]);
      else line.push(waiting);
      this.timer ??= setTimeout(() => this.release(), LONGEST_WAIT_MS);
    });
  }

  /** One of this key is free. @returns whether somebody waited for it, who has it now */
  give(key: string, freed: T): boolean {
    const line = this.lines.get(key);
    if (line === undefined) return false;
    const first = line.shift()!;
    if (line.length === 0) this.lines.delete(key);
    first.resolve(freed);
    return true;
  }

  /** An invocation begins in a sandbox of this key. */
  begin(key: string): void {
    this.busy.set(key, (this.busy.get(key) ?? 0) + 1);
  }

  end(key: string): void {
    const left = this.busy.get(key)! - 1;
    if (left === 0) this.busy.delete(key);
    else this.busy.set(key, left);
  }

  private release(): void {
    this.timer = undefined;
    const before = performance.now() - LONGEST_WAIT_MS + 1;
    for (const [key, line] of this.lines) {
      while (line.length > 0 && line[0]!.since <= before) line.shift()!.resolve(undefined);
      if (line.length === 0) this.lines.delete(key);
    }
    if (this.lines.size > 0) this.timer = setTimeout(() => this.release(), 1);
  }
}

/** Looks every 100 ms at the share of time since it last looked. A process that is ready but gets no CPU counts as not idle. */
function eventLoopSaturation(): () => boolean {
  let measured = performance.eventLoopUtilization();
  let measuredAt = performance.now();
  let saturated = false;
  return () => {
    const now = performance.now();
    if (now - measuredAt >= LOOK_AGAIN_MS) {
      const current = performance.eventLoopUtilization();
      saturated = performance.eventLoopUtilization(current, measured).utilization >= SATURATED;
      measured = current;
      measuredAt = now;
    }
    return saturated;
  };
}
