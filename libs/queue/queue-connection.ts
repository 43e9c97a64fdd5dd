import { OperatorError } from '@hearth/kernel';
import { Redis } from 'ioredis';
import { assertNothingIsEvicted } from './eviction-check.js';
import type { Logger } from './logger.js';
import { PointerQueue } from './pointer-queue.js';
import { PointerWorker, type PointerHandler } from './pointer-worker.js';

export interface QueueConnectionOptions {
  /** `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]` or `rediss://` */
  url: string;
  /** First part of every key: several Hearths may share one Redis. */
  prefix: string;
  logger: Logger;
}

/** Longest wait between two attempts to reconnect. */
const RECONNECT_MAX_MS = 1_000;
/** A command that has no answer by then counts as failed; nothing is lost, since Postgres has the truth. */
const COMMAND_TIMEOUT_MS = 2_000;

/**
 * Redis as Hearth uses it: disposable. Commands fail at once while it is away (callers treat that as a lost hint), the
 * connection comes back by itself, and workers wait for it without end.
 */
export class QueueConnection {
  /** For commands that may fail. Keys must begin with `prefix`. */
  readonly redis: Redis;
  readonly #queues: PointerQueue[] = [];
  readonly #workers: PointerWorker[] = [];
  readonly #subscribers = new Set<Redis>();
  #reachable = true;
  #closing: Promise<void> | undefined;

  constructor(readonly options: QueueConnectionOptions) {
    this.redis = this.#connect({ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: COMMAND_TIMEOUT_MS });
    this.redis.on('ready', () => {
      if (!this.#reachable) options.logger.info({}, 'Redis is back');
      this.#reachable = true;
    });
  }

  get prefix(): string {
    return this.options.prefix;
  }

  /**
   * For the start of a process: tells the operator what is wrong with Redis.
   * @throws OperatorError when it cannot be reached or would evict keys
   */
  async check(deadlineMs = 10_000): Promise<void> {
    if (this.redis.status !== 'ready') await this.#ready(deadlineMs);
    await assertNothingIsEvicted(this.redis, this.options.logger);
  }

  /** The sending half of a queue of pointers. Closed with the connection. */
  queue(name: string): PointerQueue {
    const queue = new PointerQueue(name, this.prefix, this.redis, this.options.logger);
    this.#queues.push(queue);
    return queue;
  }

  /** The receiving half. It starts with `start()`; closed with the connection. */
  worker(name: string, handler: PointerHandler, concurrency: number): PointerWorker {
    const connection = this.#connect({ maxRetriesPerRequest: null });
    const worker = new PointerWorker({ name, prefix: this.prefix, connection, handler, concurrency, logger: this.options.logger });
    this.#workers.push(worker);
    return worker;
  }

  /**
   * Hears what is published on a channel, over a connection of its own. What is said while Redis is away is not heard.
   * @param gap called whenever hearing begins: what was said before is unknown
   * @returns ends it
   */
  subscribe(channel: string, hear: (message: string) => void, gap: () => void): () => void {
    const redis = this.#connect({ maxRetriesPerRequest: null, autoResubscribe: false });
    this.#subscribers.add(redis);
    redis.on('message', (_channel: string, message: string) => hear(message));
    redis.on('ready', () => {
      redis.subscribe(channel).then(gap, () => undefined); // A connection that broke is made anew, and asks again.
    });
    return () => {
      redis.disconnect();
      this.#subscribers.delete(redis);
    };
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.close()));
    await Promise.all(this.#queues.map((queue) => queue.close()));
    for (const redis of this.#subscribers) redis.disconnect();
    this.redis.disconnect();
  }

  #connect(settings: { enableOfflineQueue?: boolean; maxRetriesPerRequest: number | null; commandTimeout?: number; autoResubscribe?: boolean }): Redis {
    const redis = new Redis(this.options.url, { ...settings, connectTimeout: 5_000, disconnectTimeout: 200, keepAlive: 10_000, retryStrategy: (attempt) => Math.min(50 * attempt, RECONNECT_MAX_MS) });
    redis.on('error', (error: Error & { code?: string }) => {
      // Said once per outage, not once per attempt.
      if (this.#reachable) this.options.logger.warn({ err: error }, 'Redis cannot be reached; accepted events wait in Postgres');
      this.#reachable = false;
    });
    return redis;
  }

  async #ready(deadlineMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    let lastError: Error | undefined;
    const remember = (error: Error): void => void (lastError = error);
    this.redis.on('error', remember);
    try {
      await new Promise<void>((resolve, reject) => {
        this.redis.once('ready', resolve);
        timer = setTimeout(() => reject(unreachable(this.options.url, lastError)), deadlineMs);
      });
    } finally {
      clearTimeout(timer);
      this.redis.off('error', remember);
    }
  }
}

function unreachable(url: string, cause: Error | undefined): OperatorError {
  const address = URL.canParse(url) ? new URL(url).host : 'the address in REDIS_URL';
  const reason = cause === undefined ? 'no answer' : cause.message || (cause as { code?: string }).code;
  return new OperatorError(`Redis cannot be reached at ${address}: ${reason}.`, 'Start it, or correct REDIS_URL.');
}
