import { randomUUID } from 'node:crypto';
import type { Logger, QueueConnection } from '@hearth/queue';
import { announce, HEARTBEAT_MS, WORKER_LEASE_MS, type WorkerAnnouncement } from './worker-directory.js';

export interface RegistrationOptions {
  queue: QueueConnection;
  /** How others reach this worker. */
  url: string;
  capacity: number;
  running: () => number;
  warmKeys: () => string[];
  provisioned: () => Record<string, number>;
  missingRuntimes?: () => string[];
  logger: Logger;
}

/** Looks whether provisioned sandboxes became ready or ended: control planes should not learn it a heartbeat late. */
const LOOK_MS = 200;

/** Keeps a worker registered in Redis while it lives. A wiped Redis knows it again after the next heartbeat. */
export class WorkerRegistration {
  /** New with each life: what is known of a former life must not count for this one. */
  readonly id = randomUUID();
  #timer: NodeJS.Timeout | undefined;
  #failing = false;
  #lookTimer: NodeJS.Timeout | undefined;
  #provisionedTold = '{}';

  constructor(private readonly options: RegistrationOptions) {}

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.#beat(), HEARTBEAT_MS);
    this.#lookTimer = setInterval(() => {
      if (JSON.stringify(this.options.provisioned()) !== this.#provisionedTold) void this.#beat();
    }, LOOK_MS);
    await this.#beat();
  }

  /** Leaves at once, so that nobody places anything here any more. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    clearInterval(this.#lookTimer);
    try {
      await announce(this.options.queue, this.#announcement(), 0);
    } catch (error) {
      this.options.logger.debug({ err: error }, 'the worker could not sign off; its lease runs out by itself');
    }
  }

  /** Never rejects: the next beat tries again. */
  async #beat(): Promise<void> {
    try {
      const announcement = this.#announcement();
      this.#provisionedTold = JSON.stringify(announcement.provisioned);
      await announce(this.options.queue, announcement, WORKER_LEASE_MS);
      if (this.#failing) this.options.logger.info({}, 'the worker is registered again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.options.logger.warn({ err: error }, 'the worker cannot be registered in Redis; it goes on trying');
      this.#failing = true;
    }
  }

  #announcement(): WorkerAnnouncement {
    const { url, capacity, running, warmKeys, provisioned, missingRuntimes } = this.options;
    return { id: this.id, url, capacity, running: running(), warmKeys: warmKeys(), provisioned: provisioned(), missingRuntimes: missingRuntimes?.() };
  }
}
