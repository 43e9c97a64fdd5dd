/**
 * Work that is done now and at intervals, one run at a time: the interval is between the end of a run and the beginning of the next. A run that fails is told, and
 * tried again at its time.
 */
export interface RecurringWork {
  everyMs: number;
  /** @param signal aborted when it is to stop: work in several steps ends between two of them */
  run(signal: AbortSignal): Promise<unknown>;
  onError(error: unknown): void;
}

export class Recurring {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  readonly #stopped = new AbortController();

  constructor(private readonly work: RecurringWork) {}

  /** Begins the first run; what does not end is not waited for. */
  start(): void {
    this.#running ??= this.#runOnce();
  }

  /** No run begins any more. Resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** Never rejects. */
  async #runOnce(): Promise<void> {
    const { signal } = this.#stopped;
    if (signal.aborted) return;
    try {
      await this.work.run(signal);
    } catch (error) {
      this.work.onError(error);
    }
    // Work that recurs does not keep a process alive.
    if (!signal.aborted) this.#timer = setTimeout(() => void (this.#running = this.#runOnce()), this.work.everyMs).unref();
  }
}
