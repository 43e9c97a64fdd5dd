import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from './logger.js';

/** Gets the job id. What it throws is logged; BullMQ never tries a pointer again. */
export type PointerHandler = (jobId: string) => Promise<void>;

export interface PointerWorkerOptions {
  name: string;
  prefix: string;
  /** Its own connection, closed with the worker. */
  connection: Redis;
  handler: PointerHandler;
  concurrency: number;
  logger: Logger;
}

/** Never reached: BullMQ must not decide that a pointer failed because its worker died twice (reliability.md, bottom line 2). */
const MAX_STALLED_COUNT = 1_000_000_000;
/** A pointer whose worker died goes back to the queue after this; the row's own lease decides what really happens. */
const LOCK_MS = 30_000;

/** Takes pointers from a queue, `concurrency` at a time. */
export class PointerWorker {
  readonly #worker: Worker;
  #closing: Promise<void> | undefined;

  constructor(private readonly options: PointerWorkerOptions) {
    const { handler, logger, name } = options;
    this.#worker = new Worker(
      name,
      async (job) => {
        try {
          await handler(job.id ?? '');
        } catch (error) {
          logger.error({ err: error, job: job.id }, 'a pointer could not be handled');
        }
      },
      {
        connection: options.connection,
        prefix: options.prefix,
        concurrency: options.concurrency,
        autorun: false,
        maxStalledCount: MAX_STALLED_COUNT,
        lockDuration: LOCK_MS,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
        skipVersionCheck: true,
        runRetryDelay: 500,
      },
    );
    this.#worker.on('error', (error) => logger.debug({ err: error, queue: name }, 'queue worker error'));
  }

  start(): void {
    this.#worker.run().catch((error: unknown) => this.options.logger.error({ err: error, queue: this.options.name }, 'the queue worker stopped'));
  }

  /** Takes no more pointers; running handlers go on. */
  async pause(): Promise<void> {
    await this.#worker.pause(true);
  }

  /** Waits for running handlers, then leaves. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    if (this.options.connection.status === 'ready') {
      await this.#worker.close();
      this.options.connection.disconnect();
    } else {
      // Without Redis a graceful close would wait for it; the pointers in hand are safe in Postgres.
      this.options.connection.disconnect();
      await this.#worker.close(true);
    }
  }
}
