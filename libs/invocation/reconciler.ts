import type { Logger, PointerQueue } from '@hearth/queue';
import type { Backlog } from './backlog.js';
import { jobIdOf } from './event-pointer.js';

export interface ReconcilerOptions {
  backlog: Backlog;
  queue: PointerQueue;
  /** Between two looks when nothing asks for one, in ms. */
  intervalMs: number;
  leaseMs: number;
  /** BullMQ is filled up to this many waiting jobs and no further. */
  maxWaiting: number;
  logger: Logger;
}

const MAX_TAKEN_BACK = 1_000;
/** When the dispatcher ran dry, the backlog is looked at again no more often than this. */
const IDLE_LOOK_MS = 100;

/**
 * Hands due events to BullMQ: retries, what no hint announced, what Redis forgot, what a dead scheduler held. It is the
 * only reason why Redis may be wiped at any moment. Any number of them may run side by side (Backlog.handOut is a compare-and-set).
 */
export class Reconciler {
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #stopped = false;
  #takenSinceLook = 0;
  #lastLookAt = 0;
  #thoroughAt = -Infinity;
  /** Leases do not count as expired before this instant (performance.now): we could not have seen them renewed. */
  #leasesFrozenUntil = 0;
  #failing = false;

  constructor(private readonly options: ReconcilerOptions) {}

  start(): void {
    this.nudge();
  }

  /** Looks now; while a look is under way, once more after it. */
  nudge(): void {
    if (this.#stopped) return;
    if (this.#looking !== undefined) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#looking = this.#look().finally(() => {
      this.#looking = undefined;
      const again = this.#again;
      this.#again = false;
      if (again) this.nudge();
      else if (!this.#stopped) this.#timer = setTimeout(() => this.nudge(), this.options.intervalMs);
    });
  }

  /** The dispatcher took a pointer, or finished the last it had: a long backlog must not wait for the interval. */
  onProgress(idle: boolean): void {
    if (!idle) this.#takenSinceLook++;
    const dry = idle && performance.now() - this.#lastLookAt >= IDLE_LOOK_MS;
    if (dry || this.#takenSinceLook >= Math.max(1, this.options.maxWaiting >> 2)) this.nudge();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    this.#takenSinceLook = 0;
    this.#lastLookAt = performance.now();
    // Looks that only refill a busy queue come many times a second; what is rare is looked for once per interval.
    const thorough = this.#lastLookAt - this.#thoroughAt >= this.options.intervalMs;
    try {
      if (thorough) {
        this.#thoroughAt = this.#lastLookAt;
        await this.#takeBack();
        if (this.options.queue.available) await this.#undoForgotten();
      }
      if (this.options.queue.available) await this.#handOut();
      if (this.#failing) this.options.logger.info({}, 'the reconciler works again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.options.logger.error({ err: error }, 'the reconciler cannot work; it goes on trying');
      this.#failing = true;
    }
  }

  async #takeBack(): Promise<void> {
    const { backlog, leaseMs, logger } = this.options;
    if (performance.now() < this.#leasesFrozenUntil) return;
    try {
      const ids = await backlog.takeBackExpired(leaseMs, MAX_TAKEN_BACK);
      if (ids.length > 0) logger.warn({ events: ids.length, first: ids[0] }, 'leases ran out: these events are run again');
    } catch (error) {
      // Holders could not renew while Postgres was away; give them one lease to do so.
      this.#leasesFrozenUntil = performance.now() + leaseMs;
      throw error;
    }
  }

  async #undoForgotten(): Promise<void> {
    const { backlog, queue, logger } = this.options;
    if (!(await queue.mayHaveForgotten())) return;
    logger.info({}, 'Redis is new or was restarted or wiped: everything that waits is handed out again');
    await backlog.undoAll();
    await queue.remember();
  }

  async #handOut(): Promise<void> {
    const { backlog, queue, maxWaiting } = this.options;
    const room = maxWaiting - (await queue.waiting());
    if (room <= 0) return;
    const handOuts = await backlog.handOut(room);
    if (handOuts.length === 0) return;
    try {
      await queue.add(handOuts.map(jobIdOf));
    } catch (error) {
      await backlog.undo(handOuts.map((handOut) => handOut.id));
      throw error;
    }
  }
}
