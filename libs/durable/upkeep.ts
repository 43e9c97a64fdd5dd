import type { Logger } from '@hearth/queue';
import type { Executions } from './executions.js';

const INTERVAL_MS = 15_000;
const BATCH = 500;

/** Removes executions whose retention is over, and wakes what a scheduler forgot that died at the wrong moment. */
export class Upkeep {
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly executions: Executions,
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
      this.executions.announce(await this.executions.store.wakeForgotten());
      while (!this.#stopped && (await this.executions.store.removeExpired(BATCH)) >= BATCH);
    } catch (error) {
      this.logger.warn({ err: error }, 'the sweep of durable executions failed; it is tried again');
    }
  }
}
