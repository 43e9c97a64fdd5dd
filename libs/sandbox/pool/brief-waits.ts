import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';

/** An event waits no longer than this for a sandbox in use, in ms. */
export const LONGEST_WAIT_MS = 10;
/** So long nothing waits for the sandboxes of a key after one in about nine events had waited in vain. */
const PAUSE_MS = 1_000;
const PRICE_IN_VAIN = 8;
const MAX_CREDIT = 64;
const MAX_TRUSTED = 10_000;
/** The share of time in which the event loop was not idle, from which on the machine counts as out of CPU. */
const SATURATED = 0.6;
const LOOK_AGAIN_MS = 100;

/** What this needs of a sandbox. */
export interface InUse {
  /** How many more events it takes ahead of their turn. */
  readonly aheadRoom: number;
  readonly hasAhead: boolean;
  /** Takes back events that were sent before a time (performance.now()) and have not begun. */
  takeBack(before: number): void;
}

interface Waiting<T> {
  since: number;
  resolve(freed: T | undefined): void;
}

export interface BriefWaitsOptions {
  /** As many sandboxes of a key are busy without anybody waiting for them; default: one per CPU. */
  enough?: number;
  /** Whether the machine has no CPU to spare; default: as this process's event loop has it. */
  saturated?: () => boolean;
}

/**
 * Events for sandboxes in use although others are idle: when the machine has no CPU to spare, waking yet another sandbox only makes all of
 * them slower, since each begins with cold caches (docs/decisions/0028). An event is sent ahead to one that takes it, else it waits for
 * the first that becomes free.
 *
 * 1. Nobody waits while there is CPU to spare, or while fewer than `enough` sandboxes of the key are busy.
 * 2. First come, first served within a key; after LONGEST_WAIT_MS an event goes the ordinary way, and when that happens often the key's events do so at once for a while.
 */
export class BriefWaits<T extends InUse> {
  private readonly busy = new Map<string, Set<T>>();
  private readonly lines = new Map<string, Waiting<T>[]>();
  private readonly sentTo = new Set<T>();
  /** Of keys with events that waited: what speaks for waiting, and until when nothing waits. */
  private readonly trust = new Map<string, { credit: number; pausedUntil: number }>();
  private readonly enough: number;
  private readonly saturated: () => boolean;
  private timer: NodeJS.Timeout | undefined;

  constructor({ enough = availableParallelism(), saturated = eventLoopSaturation() }: BriefWaitsOptions = {}) {
    this.enough = enough;
    this.saturated = saturated;
  }

  /** Whether an event of this key should go to a sandbox in use rather than wake another. */
  worthwhile(key: string): boolean {
    return (this.busy.get(key)?.size ?? 0) >= this.enough && this.saturated() && !this.paused(key);
  }

  /** The sandbox of this key to send an event ahead to: the one with the fewest. Undefined when none takes any. */
  takesAhead(key: string): T | undefined {
    let best: T | undefined;
    for (const one of this.busy.get(key) ?? []) if (one.aheadRoom > (best?.aheadRoom ?? 0)) best = one;
    if (best === undefined) return undefined;
    this.sentTo.add(best);
    this.timer ??= setTimeout(() => this.release(), LONGEST_WAIT_MS);
    return best;
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

  /** An event of this key has waited. @param inVain what it waited for did not become free in time */
  waited(key: string, inVain: boolean): void {
    let trust = this.trust.get(key);
    // Paused keys that nobody asks for any more.
    if (trust === undefined && this.trust.size >= MAX_TRUSTED) this.trust.clear();
    if (trust === undefined) this.trust.set(key, (trust = { credit: PRICE_IN_VAIN, pausedUntil: 0 }));
    trust.credit = Math.min(MAX_CREDIT, trust.credit + (inVain ? -PRICE_IN_VAIN : 1));
    if (trust.credit < 0) trust.pausedUntil = performance.now() + PAUSE_MS;
  }

  /** An invocation begins in a sandbox of this key. */
  begin(key: string, sandbox: T): void {
    const all = this.busy.get(key);
    if (all === undefined) this.busy.set(key, new Set([sandbox]));
    else all.add(sandbox);
  }

  end(key: string, sandbox: T): void {
    const all = this.busy.get(key);
    all?.delete(sandbox);
    if (all?.size !== 0) return;
    this.busy.delete(key);
    if (!this.paused(key)) this.trust.delete(key);
  }

  private paused(key: string): boolean {
    const trust = this.trust.get(key);
    if (trust === undefined || trust.credit >= 0) return false;
    if (performance.now() < trust.pausedUntil) return true;
    this.trust.delete(key);
    return false;
  }

  private release(): void {
    this.timer = undefined;
    const before = performance.now() - LONGEST_WAIT_MS + 1;
    for (const [key, line] of this.lines) {
      while (line.length > 0 && line[0]!.since <= before) line.shift()!.resolve(undefined);
      if (line.length === 0) this.lines.delete(key);
    }
    for (const sandbox of this.sentTo) {
      sandbox.takeBack(before);
      if (!sandbox.hasAhead) this.sentTo.delete(sandbox);
    }
    if (this.lines.size > 0 || this.sentTo.size > 0) this.timer = setTimeout(() => this.release(), 1);
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
