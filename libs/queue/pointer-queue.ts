import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from './logger.js';

/**
 * A BullMQ queue of pointers: a job is an id of a row in Postgres and nothing else. Rules (reliability.md, Durability design):
 * `attempts: 1`, because retry counts and due times live in Postgres, and a job id unique to each hand-out, because BullMQ
 * silently ignores an id it knows.
 */
export class PointerQueue {
  #opening: Promise<Queue> | undefined;
  #runId = 'unknown';

  constructor(
    readonly name: string,
    private readonly prefix: string,
    private readonly redis: Redis,
    private readonly logger: Logger,
  ) {}

  /** False while Redis is known to be away: do not even try. */
  get available(): boolean {
    return this.redis.status === 'ready';
  }

  /**
   * @param jobIds without `:`
   * @throws when Redis does not take them; some may have been added all the same
   */
  async add(jobIds: readonly string[]): Promise<void> {
    const queue = await this.#open();
    await queue.addBulk(jobIds.map((jobId) => ({ name: 'p', data: null, opts: { jobId } })));
  }

  /** Jobs that no worker has taken yet. */
  async waiting(): Promise<number> {
    return await this.redis.llen(`${this.prefix}:${this.name}:wait`);
  }

  /**
   * Whether this Redis may have forgotten jobs since `remember`: it was wiped, restarted or replaced. A restart counts even
   * when it kept its data, because its last second may be gone.
   */
  async mayHaveForgotten(): Promise<boolean> {
    const [server, remembered] = await Promise.all([this.redis.info('server'), this.redis.get(this.#markKey())]);
    this.#runId = /^run_id:(\S+)/m.exec(server)?.[1] ?? 'unknown';
    return remembered !== this.#runId;
  }

  /** Called when everything that `mayHaveForgotten` asks for was done. */
  async remember(): Promise<void> {
    await this.redis.set(this.#markKey(), this.#runId);
  }

  async close(): Promise<void> {
    const queue = await this.#opening?.catch(() => undefined); // One that never opened has nothing to close.
    await queue?.close();
  }

  #markKey(): string {
    return `${this.prefix}:${this.name}:hearth-run-id`;
  }

  /** BullMQ gives up a queue whose first command fails, so one is made only on a live connection, and again after a failure. */
  #open(): Promise<Queue> {
    if (!this.available) return Promise.reject(new Error('Redis is not connected'));
    return (this.#opening ??= this.#create().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    }));
  }

  async #create(): Promise<Queue> {
    const queue = new Queue(this.name, {
      connection: this.redis,
      prefix: this.prefix,
      skipVersionCheck: true, // Its advice goes to the console; QueueConnection.check says what matters.
      defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
      streams: { events: { maxLen: 100 } },
    });
    queue.on('error', (error) => this.logger.debug({ err: error, queue: this.name }, 'queue connection error'));
    await queue.waitUntilReady();
    return queue;
  }
}
