import type { Logger, QueueConnection } from '@hearth/queue';

/** What a worker says of itself with each heartbeat. */
export interface WorkerAnnouncement {
  /** New with each life of a worker process. */
  id: string;
  /** `http://HOST:PORT` */
  url: string;
  /** Most invocations at a time. */
  capacity: number;
  running: number;
  /** Sandbox keys used lately: where other control planes find warm sandboxes. */
  warmKeys: string[];
  /** Provisioned sandboxes that are ready, by key; absent when there are none. */
  provisioned?: Record<string, number>;
  /** Runtimes whose images it has not got. */
  missingRuntimes?: string[];
}

/** A worker that missed three heartbeats is not offered any more. */
export const HEARTBEAT_MS = 2_000;
export const WORKER_LEASE_MS = 6_000;
const REFRESH_MS = 1_000;
/** After a wipe of Redis nobody is registered until the next heartbeat: the last list stays good for this long. */
const EMPTY_GRACE_MS = 10_000;

/**
 * KEYS[1] sorted set: worker id by end of lease (ms of Redis's clock)   KEYS[2] hash: worker id to announcement
 * ARGV[1] id   ARGV[2] lease in ms; 0 = leave   ARGV[3] announcement (JSON)
 * Returns 1.
 */
const ANNOUNCE = `
if tonumber(ARGV[2]) == 0 then
  redis.call('ZREM', KEYS[1], ARGV[1]); redis.call('HDEL', KEYS[2], ARGV[1])
else
  local t = redis.call('TIME')
  redis.call('ZADD', KEYS[1], t[1] * 1000 + math.floor(t[2] / 1000) + ARGV[2], ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
end
return 1`;

/**
 * KEYS as in ANNOUNCE. Removes workers whose lease ended.
 * Returns the announcements of the others.
 */
const LIST = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  redis.call('ZREM', KEYS[1], id); redis.call('HDEL', KEYS[2], id)
end
return redis.call('HVALS', KEYS[2])`;

export async function announce(queue: QueueConnection, worker: WorkerAnnouncement, leaseMs: number): Promise<void> {
  await queue.redis.eval(ANNOUNCE, 2, ...keys(queue), worker.id, leaseMs, JSON.stringify(worker));
}

function keys(queue: QueueConnection): [string, string] {
  return [`${queue.prefix}:workers`, `${queue.prefix}:worker-announcements`];
}

/** The workers that can be used now: the registered ones, and those named in the settings. */
export class WorkerDirectory {
  #registered: WorkerAnnouncement[] = [];
  #seenAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | undefined;
  readonly #named: WorkerAnnouncement[];

  constructor(
    private readonly queue: QueueConnection,
    namedUrls: readonly string[],
    private readonly logger: Logger,
    private readonly onChange: (registered: readonly WorkerAnnouncement[]) => void,
  ) {
    this.#named = namedUrls.map((url) => ({ id: url, url, capacity: 100, running: 0, warmKeys: [] }));
  }

  start(): void {
    this.#timer = setInterval(() => void this.refresh(), REFRESH_MS);
    this.#timer.unref();
    void this.refresh();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  workers(): readonly WorkerAnnouncement[] {
    if (this.#named.length === 0) return this.#registered;
    const urls = new Set(this.#registered.map((worker) => worker.url));
    return [...this.#registered, ...this.#named.filter((worker) => !urls.has(worker.url))];
  }

  /** Asks Redis; never rejects. While Redis is away, the last list stays. */
  refresh(): Promise<void> {
    return (this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined)));
  }

  async #refresh(): Promise<void> {
    try {
      const listed = ((await this.queue.redis.eval(LIST, 2, ...keys(this.queue))) as string[]).map((text) => JSON.parse(text) as WorkerAnnouncement);
      const now = performance.now();
      if (listed.length === 0 && now - this.#seenAt < EMPTY_GRACE_MS) return;
      if (listed.length > 0) this.#seenAt = now;
      this.#registered = listed;
      this.onChange(listed);
    } catch (error) {
      this.logger.debug({ err: error }, 'the list of workers could not be read; the last one is used');
    }
  }
}
