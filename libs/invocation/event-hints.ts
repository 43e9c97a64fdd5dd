import type { Logger, PointerQueue } from '@hearth/queue';
import { HAND_OUT_MS, type Backlog, type HandOut } from './backlog.js';
import { jobIdOf } from './event-pointer.js';

export { HAND_OUT_MS };

/** The number of waiting jobs is asked for again after this while no hint is sent. */
const ROOM_KNOWN_MS = 20;

/**
 * Tells BullMQ about fresh events, right after their commit, so that they start within milliseconds. Only a hint: without
 * Redis, or beyond `maxWaiting` jobs, events stay with the reconciler, which is fair where a flood of hints would not be.
 */
export class EventHints {
  #room: number;
  #knownAt = 0;
  #asking = false;

  constructor(
    private readonly queue: PointerQueue,
    private readonly backlog: Backlog,
    /** BullMQ is kept shallow: no hints while this many jobs wait. */
    private readonly maxWaiting: number,
    private readonly logger: Logger,
  ) {
    this.#room = maxWaiting;
  }

  /** How many of `wanted` fresh events should be marked as handed out; the caller then sends exactly those. */
  reserve(wanted: number): number {
    if (!this.queue.available) return 0;
    if (this.#room < wanted && performance.now() - this.#knownAt > ROOM_KNOWN_MS) this.#askForRoom();
    const granted = Math.max(0, Math.min(wanted, this.#room));
    this.#room -= granted;
    return granted;
  }

  /** Does not wait and does not fail: what Redis does not take is the reconciler's again. */
  send(handOuts: readonly HandOut[]): void {
    this.queue.add(handOuts.map(jobIdOf)).then(
      () => this.#askForRoom(),
      (error: unknown) => this.#undo(handOuts, error),
    );
  }

  #undo(handOuts: readonly HandOut[], cause: unknown): void {
    this.logger.debug({ err: cause, events: handOuts.length }, 'fresh events could not be announced in Redis; the reconciler will find them');
    // If this fails as well, the marks run out by themselves after HAND_OUT_MS.
    this.backlog.undo(handOuts.map((handOut) => handOut.id)).catch((error: unknown) => this.logger.debug({ err: error }, 'hand-out marks run out by themselves'));
  }

  #askForRoom(): void {
    if (this.#asking) return;
    this.#asking = true;
    this.queue
      .waiting()
      .then(
        (waiting) => void (this.#room = this.maxWaiting - waiting),
        (error: unknown) => this.logger.debug({ err: error }, 'the queue length is not known'),
      )
      .finally(() => {
        this.#asking = false;
        this.#knownAt = performance.now();
      });
  }
}
