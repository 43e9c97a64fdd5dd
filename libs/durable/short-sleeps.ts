import type { AttemptResult } from '@hearth/invocation';

/** Longer sleeps may end as late as the reconciler looks. */
const SHORT_MS = 60_000;
/** The database's clock decides what is due: asked a moment too early, it says no. */
const MARGIN_MS = 10;

/**
 * Ends sleeps that are short to the point: a wait of a second should not take two. A convenience of the process that put the execution to
 * sleep; if it is gone, the reconciler finds what is due.
 */
export class ShortSleeps {
  readonly #delays = new Map<string, number>();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(private readonly announce: (ids: readonly string[]) => void) {}

  /** What an attempt said; it counts from when it is stored. */
  told(executionId: string, result: AttemptResult): void {
    if (result.kind === 'suspended' && result.delayMs > 0 && result.delayMs <= SHORT_MS) this.#delays.set(executionId, result.delayMs);
    else this.#delays.delete(executionId);
  }

  stored(executionId: string): void {
    const delayMs = this.#delays.get(executionId);
    if (delayMs === undefined) return;
    this.#delays.delete(executionId);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.announce([executionId]);
    }, delayMs + MARGIN_MS).unref();
    this.#timers.add(timer);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
