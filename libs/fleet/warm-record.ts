/** What this process knows of one function version on one worker. */
interface Use {
  /** Invocations under way. */
  running: number;
  /** Sandboxes known to exist: most invocations seen at a time. */
  sandboxes: number;
  /** performance.now() of the last end. */
  usedAt: number;
}

/** Entries kept; the longest unused go first. */
const MAX_ENTRIES = 20_000;

/**
 * Remembers from answers where warm sandboxes are. An estimate: a wrong one costs a cold start, nothing else.
 */
export class WarmRecord {
  readonly #uses = new Map<string, Use>();
  readonly #runningOn = new Map<string, number>();

  constructor(
    /** How long a worker keeps an idle sandbox, in ms. */
    private readonly idleMs: number,
  ) {}

  started(workerId: string, sandboxKey: string): void {
    this.#runningOn.set(workerId, this.runningOn(workerId) + 1);
    const key = `${workerId} ${sandboxKey}`;
    const use = this.#uses.get(key) ?? { running: 0, sandboxes: 0, usedAt: 0 };
    use.running++;
    use.sandboxes = Math.max(use.sandboxes, use.running);
    this.#uses.delete(key); // Back in at the young end.
    this.#uses.set(key, use);
    if (this.#uses.size > MAX_ENTRIES) this.#forgetOldest();
  }

  /** @param survived whether the sandbox lives on */
  ended(workerId: string, sandboxKey: string, survived: boolean): void {
    this.#runningOn.set(workerId, Math.max(0, this.runningOn(workerId) - 1));
    const use = this.#uses.get(`${workerId} ${sandboxKey}`);
    if (use === undefined) return;
    use.running = Math.max(0, use.running - 1);
    if (!survived) use.sandboxes = Math.max(0, use.sandboxes - 1);
    use.usedAt = performance.now();
  }

  runningOn(workerId: string): number {
    return this.#runningOn.get(workerId) ?? 0;
  }

  /** Invocations of this process that run there under the key. */
  running(workerId: string, key: string): number {
    return this.#uses.get(`${workerId} ${key}`)?.running ?? 0;
  }

  /** @returns undefined when this process never used the version there */
  warmFree(workerId: string, sandboxKey: string): number | undefined {
    const use = this.#uses.get(`${workerId} ${sandboxKey}`);
    if (use === undefined) return undefined;
    if (use.running === 0 && performance.now() - use.usedAt > this.idleMs) return 0;
    return use.sandboxes - use.running;
  }

  forgetWorker(workerId: string): void {
    this.#runningOn.delete(workerId);
    for (const key of this.#uses.keys()) if (key.startsWith(`${workerId} `)) this.#uses.delete(key);
  }

  #forgetOldest(): void {
    for (const [key, use] of this.#uses) {
      if (use.running > 0) continue;
      this.#uses.delete(key);
      return;
    }
  }
}
