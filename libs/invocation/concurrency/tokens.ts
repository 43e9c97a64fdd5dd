/**
 * Permits to run, in pools of a limited size. A pool comes into being when it is asked for.
 */
export interface Tokens {
  /** @returns whether one was left; without a promise when that is known here */
  take(pool: string, limit: number): boolean | Promise<boolean>;
  /** Gives one back. */
  release(pool: string): void;
}

/** Counts within this process. */
export class LocalTokens implements Tokens {
  readonly #running = new Map<string, number>();

  take(pool: string, limit: number): boolean {
    const running = this.#running.get(pool) ?? 0;
    if (running >= limit) return false;
    this.#running.set(pool, running + 1);
    return true;
  }

  release(pool: string): void {
    const running = (this.#running.get(pool) ?? 0) - 1;
    if (running > 0) this.#running.set(pool, running);
    else this.#running.delete(pool);
  }
}
