/**
 * Permits that all processes of a deployment share. A process holds some of a pool's and gives them out by itself; Redis is asked only for more.
 *
 * Invariants:
 * 1. What the living processes hold of a pool, running or idle, is at most its limit. Redis counts it; a process whose lease ended counts no more.
 * 2. A token is given out here only while fewer run than are held, and than the limit says now.
 * 3. Per pool at most one request to Redis is under way, and nothing is given back meanwhile, so that what this process states is never overtaken.
 * 4. Before an invocation is refused, every other holder was asked for idle tokens and has said that it has none, or had RECALL_MS to answer.
 * 5. Without Redis each process grants the limits by itself: a throttle that nobody can justify would be worse.
 */
import { randomUUID } from 'node:crypto';
import type { Logger, QueueConnection } from '@hearth/queue';
import { ACQUIRE, LEASE, STATE } from './token-scripts.js';
import type { Tokens } from './tokens.js';

/** How long the other holders have to answer. */
const RECALL_MS = 500;
/** A pool that was found used up is not asked for again for this long. */
const EXHAUSTED_MS = 25;
/** Somebody else needs tokens of this pool: for so long, none is kept. */
const WANTED_MS = 1_000;
const LEASE_MS = 5_000;
const BEAT_MS = 1_000;
/** Everything held is stated anew so often, in beats. */
const RESTATE_BEATS = 30;
/** Tokens that were not used for so many beats are given back. */
const IDLE_BEATS = 10;
/** After a failure of Redis it is left alone for this long. */
const OUTAGE_MS = 1_000;
/** Asked for at a time: this part of the limit, at least one. */
const BATCH_SHARE = 1 / 8;

interface Pool {
  name: string;
  limit: number;
  held: number;
  running: number;
  /** Beats since it was last used. */
  idleBeats: number;
  /** Callers that wait for tokens. */
  wanting: number;
  refill: Promise<void> | undefined;
  /** Redis is asked for more. */
  requesting: boolean;
  /** performance.now() */
  exhaustedUntil: number;
  wantedUntil: number;
  /** Other processes that hold tokens, and those of them that have none to give. */
  holders: number;
  denials: Set<string>;
  /** Wakes who waits for tokens that others give back, or that are released here. */
  freed: (() => void)[];
}

export class SharedTokens implements Tokens {
  readonly #id = randomUUID();
  readonly #pools = new Map<string, Pool>();
  readonly #channel: string;
  readonly #timer: NodeJS.Timeout;
  readonly #unsubscribe: () => void;
  #beats = 0;
  #outageUntil = 0;
  #failing = false;

  constructor(
    private readonly queue: QueueConnection,
    private readonly logger: Logger,
  ) {
    this.#channel = `${queue.prefix}:concurrency`;
    this.#unsubscribe = queue.subscribe(
      this.#channel,
      (message) => this.#hear(message),
      () => this.#heardNothing(),
    );
    this.#timer = setInterval(() => void this.#beat(), BEAT_MS);
    this.#timer.unref();
  }

  take(name: string, limit: number): boolean | Promise<boolean> {
    const pool = this.#pools.get(name) ?? this.#open(name, limit);
    if (limit !== pool.limit) this.#resize(pool, limit);
    if (this.#takeHeld(pool)) return true;
    if (performance.now() < pool.exhaustedUntil) return false;
    return this.#acquire(pool);
  }

  release(name: string): void {
    const pool = this.#pools.get(name);
    if (pool === undefined) return;
    pool.running -= 1;
    if (pool.wanting > 0) wake(pool);
    else if (pool.wantedUntil > 0) this.#giveBackWanted(pool);
  }

  /** What this process holds is free for the others at once. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#unsubscribe();
    const { redis } = this.queue;
    try {
      await redis.eval(LEASE, 1, this.#processes, this.#id, 0);
    } catch (error) {
      this.logger.debug({ err: error }, 'concurrency tokens could not be given back; their lease runs out by itself');
    }
  }

  get #processes(): string {
    return `${this.queue.prefix}:concurrency:processes`;
  }

  #key(pool: Pool): string {
    return `${this.queue.prefix}:concurrency:pool:${pool.name}`;
  }

  #open(name: string, limit: number): Pool {
    const pool: Pool = { name, limit, held: 0, running: 0, idleBeats: 0, wanting: 0, refill: undefined, requesting: false, exhaustedUntil: 0, wantedUntil: 0, holders: 0, denials: new Set(), freed: [] };
    this.#pools.set(name, pool);
    return pool;
  }

  /** A smaller limit: what is idle here may be too much. */
  #resize(pool: Pool, limit: number): void {
    const smaller = limit < pool.limit;
    pool.limit = limit;
    pool.exhaustedUntil = 0;
    if (smaller) this.#giveBack(pool);
  }

  async #acquire(pool: Pool): Promise<boolean> {
    pool.wanting += 1;
    try {
      for (;;) {
        if (this.#takeHeld(pool)) return true;
        if (performance.now() < this.#outageUntil) return this.#grantAlone(pool);
        if (performance.now() < pool.exhaustedUntil) return false;
        await (pool.refill ??= this.#refill(pool).finally(() => (pool.refill = undefined)));
      }
    } finally {
      pool.wanting -= 1;
    }
  }

  #takeHeld(pool: Pool): boolean {
    if (!available(pool)) return false;
    pool.running += 1;
    pool.idleBeats = 0;
    return true;
  }

  /** Until a token is there, or none can be had: then the pool is marked. */
  async #refill(pool: Pool): Promise<void> {
    const deadline = performance.now() + RECALL_MS;
    for (;;) {
      pool.denials.clear();
      const answered = await this.#request(pool);
      if (!answered || available(pool)) return;
      if (pool.denials.size < pool.holders) await freedOrLate(pool, deadline - performance.now());
      if (available(pool)) return;
      if (pool.denials.size >= pool.holders || performance.now() >= deadline) {
        pool.exhaustedUntil = performance.now() + EXHAUSTED_MS;
        return;
      }
    }
  }

  /** @returns false when Redis did not answer */
  async #request(pool: Pool): Promise<boolean> {
    const batch = pool.wantedUntil > performance.now() ? 1 : Math.ceil(pool.limit * BATCH_SHARE);
    const want = Math.max(batch, pool.wanting);
    const message = `want ${this.#id} ${pool.name}`;
    pool.requesting = true;
    try {
      const answer = await this.queue.redis.eval(ACQUIRE, 2, this.#key(pool), this.#processes, this.#id, pool.held, want, pool.limit, LEASE_MS, this.#channel, message);
      const [given, holders] = answer as [number, number];
      pool.held += given;
      pool.holders = holders;
      this.#failing = false;
      return true;
    } catch (error) {
      this.#outage(error);
      return false;
    } finally {
      pool.requesting = false;
    }
  }

  #grantAlone(pool: Pool): boolean {
    if (pool.running >= pool.limit) return false;
    pool.running += 1;
    pool.held = Math.max(pool.held, pool.running);
    pool.idleBeats = 0;
    return true;
  }

  #outage(error: unknown): void {
    this.#outageUntil = performance.now() + OUTAGE_MS;
    if (!this.#failing) this.logger.warn({ err: error }, 'concurrency cannot be counted with the other processes; this one grants the limits by itself until Redis answers');
    this.#failing = true;
  }

  /** `want PROCESS POOL`: somebody is out of tokens. `free PROCESS POOL`: somebody gave some back. `none PROCESS POOL`: somebody has none to give. */
  #hear(message: string): void {
    const [kind, process] = message.split(' ', 2) as [string, string];
    if (process === this.#id) return;
    const pool = this.#pools.get(message.slice(kind.length + process.length + 2));
    if (pool === undefined) return;
    if (kind === 'free') return wake(pool);
    if (kind === 'none') {
      pool.denials.add(process);
      if (pool.denials.size >= pool.holders) wake(pool);
      return;
    }
    pool.wantedUntil = performance.now() + WANTED_MS;
    if (!this.#giveBack(pool) && pool.held > 0) this.queue.redis.publish(this.#channel, `none ${this.#id} ${pool.name}`).catch((error: unknown) => this.#outage(error));
  }

  /** Somebody may have asked while this process did not hear. */
  #heardNothing(): void {
    for (const pool of this.#pools.values()) this.#giveBack(pool);
  }

  #giveBackWanted(pool: Pool): void {
    if (performance.now() > pool.wantedUntil) pool.wantedUntil = 0;
    else this.#giveBack(pool);
  }

  /** What is idle. @returns whether there was something */
  #giveBack(pool: Pool): boolean {
    if (pool.requesting || pool.wanting > 0 || pool.held <= pool.running) return false;
    pool.held = pool.running;
    this.#state(pool, `free ${this.#id} ${pool.name}`);
    return true;
  }

  #state(pool: Pool, message: string): void {
    this.queue.redis.eval(STATE, 1, this.#key(pool), this.#id, pool.held, this.#channel, message).catch((error: unknown) => this.#outage(error));
  }

  /** Messages may be lost; the marks that were left with them are not. */
  async #wanted(pools: readonly Pool[]): Promise<Set<Pool>> {
    if (pools.length === 0) return new Set();
    const marks = await this.queue.redis.mget(pools.map((pool) => `${this.#key(pool)}:wanted`));
    return new Set(pools.filter((_, index) => marks[index] !== null));
  }

  /** Renews the lease, gives back what was not used, and forgets pools without use. Never rejects. */
  async #beat(): Promise<void> {
    if (this.#pools.size === 0) return;
    try {
      const known = (await this.queue.redis.eval(LEASE, 1, this.#processes, this.#id, LEASE_MS)) as number;
      this.#beats += 1;
      const restate = known === 0 || this.#beats % RESTATE_BEATS === 0;
      const wanted = await this.#wanted([...this.#pools.values()].filter(({ held, running }) => held > running));
      for (const pool of this.#pools.values()) {
        pool.idleBeats = pool.running > 0 ? 0 : pool.idleBeats + 1;
        if (pool.idleBeats > IDLE_BEATS || wanted.has(pool)) this.#giveBack(pool);
        if (pool.held === 0 && pool.running === 0 && pool.wanting === 0) this.#pools.delete(pool.name);
        else if (restate && !pool.requesting) this.#state(pool, '');
      }
    } catch (error) {
      this.#outage(error);
    }
  }
}

function available(pool: Pool): boolean {
  return pool.running < pool.held && pool.running < pool.limit;
}

function wake(pool: Pool): void {
  for (const one of pool.freed.splice(0)) one();
}

function freedOrLate(pool: Pool, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(
      () => {
        pool.freed = pool.freed.filter((one) => one !== freed);
        resolve();
      },
      Math.max(0, ms),
    );
    const freed = (): void => {
      clearTimeout(late);
      resolve();
    };
    pool.freed.push(freed);
  });
}
