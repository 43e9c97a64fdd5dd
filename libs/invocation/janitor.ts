import type { Logger } from '@hearth/queue';
import type { EventStore } from './event-store.js';

const INTERVAL_MS = 15_000;
const BATCH = 2_000;

/** Deletes the records of ended events when their time is over, in small batches. */
export class Janitor {
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly store: EventStore,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.#sweeping = this.#sweep().finally(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.start(), INTERVAL_MS);
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#sweeping;
  }

  /** Never rejects. */
  async #sweep(): Promise<void> {
    try {
      while (!this.#stopped && (await this.store.deleteExpired(BATCH)) >= BATCH);
    } catch (error) {
      this.logger.warn({ err: error }, 'records of ended events could not be deleted; tried again later');
    }
  }
}
