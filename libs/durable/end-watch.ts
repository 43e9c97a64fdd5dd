import type { Database } from '@hearth/database';
import type { Logger } from '@hearth/queue';
import { ENDED_CHANNEL } from './execution-change.js';
import type { DurableStore } from './store.js';

/** While nothing is heard: notices may be lost with a connection, so what is waited for is asked for as well. */
const ASK_MS = 1_000;
const RECONNECT_MS = 1_000;

/**
 * Tells callers of this process that the execution they wait for has ended. Notices of Postgres make it quick; asking makes it
 * certain. Connected only while somebody waits.
 */
export class EndWatch {
  readonly #waiting = new Map<string, Set<() => void>>();
  #timer: NodeJS.Timeout | undefined;
  #client: Awaited<ReturnType<Database['dedicatedClient']>> | undefined;
  #connecting = false;
  #connectAfter = 0;
  #closed = false;

  constructor(
    private readonly store: Pick<DurableStore, 'database' | 'ended'>,
    private readonly logger: Logger,
  ) {}

  /** @returns false when it did not end within `timeoutMs` */
  async ended(id: string, timeoutMs: number): Promise<boolean> {
    let ring!: () => void;
    const rung = new Promise<void>((resolve) => (ring = resolve));
    let set = this.#waiting.get(id);
    if (set === undefined) this.#waiting.set(id, (set = new Set()));
    set.add(ring);
    const deadline = performance.now() + timeoutMs;
    let timer: NodeJS.Timeout | undefined;
    try {
      this.#listen();
      this.#timer ??= setInterval(() => void this.#ask(), ASK_MS).unref();
      // It may have ended before anybody listened.
      if ((await this.store.ended([id])).length > 0) return true;
      const late = new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), Math.max(0, deadline - performance.now()));
      });
      return await Promise.race([rung.then(() => true as const), late]);
    } finally {
      clearTimeout(timer);
      set.delete(ring);
      if (set.size === 0) this.#waiting.delete(id);
      if (this.#waiting.size === 0) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#client?.end().catch(() => undefined); // A broken connection has nothing left to end.
  }

  /** Never rejects. */
  async #ask(): Promise<void> {
    this.#listen();
    const ids = [...this.#waiting.keys()];
    if (ids.length === 0) return;
    try {
      for (const id of await this.store.ended(ids)) this.#ring(id);
    } catch (error) {
      this.logger.warn({ err: error, executions: ids.length }, 'whether durable executions ended is not known at the moment');
    }
  }

  #ring(id: string): void {
    for (const ring of this.#waiting.get(id) ?? []) ring();
  }

  #listen(): void {
    if (this.#client !== undefined || this.#connecting || this.#closed || performance.now() < this.#connectAfter) return;
    this.#connecting = true;
    this.#connect()
      .catch((error: unknown) => {
        this.#connectAfter = performance.now() + RECONNECT_MS;
        this.logger.warn({ err: error }, 'ends of durable executions are asked for instead of heard');
      })
      .finally(() => (this.#connecting = false));
  }

  async #connect(): Promise<void> {
    const client = await this.store.database.dedicatedClient();
    client.on('end', () => (this.#client = undefined));
    client.on('notification', ({ payload }) => this.#ring(payload ?? ''));
    await client.query(`LISTEN ${ENDED_CHANNEL}`);
    this.#client = client;
    if (this.#closed) await client.end();
    else await this.#ask();
  }
}
