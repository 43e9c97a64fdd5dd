/**
 * Tells a process, over a Postgres connection of its own, which functions were changed by others.
 *
 * Invariants:
 * 1. `isLive()` is true only if the connection proved itself within LIVE_MS: a silent network failure or a stalled event loop
 *    makes it false by the passing of time alone.
 * 2. After every (re)connection `onGap` is called before the feed becomes live: what was missed is unknown.
 */
import type { Database } from '@hearth/database';
import pg from 'pg';

/** Sent by the trigger on function_versions (prisma/migrations, catalogue_serving). */
const CHANNEL = 'hearth_function_changes';
const PING_MS = 500;
/** The longest time for which a process may not notice that it hears nothing. */
const LIVE_MS = 2_000;
const MAX_RECONNECT_MS = 2_000;
const CONNECT_MS = 5_000;

export interface ChangeListener {
  onChange(functionId: string): void;
  /** Everything may have changed. */
  onGap(): void;
}

export class ChangeFeed {
  private liveUntil = 0;
  private readonly stopped = new AbortController();
  private client: pg.Client | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly listener: ChangeListener,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Returns at once; the feed becomes live when it is connected. */
  start(): void {
    this.running ??= this.run();
  }

  isLive(): boolean {
    return performance.now() < this.liveUntil;
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    this.liveUntil = 0;
    await this.client?.end().catch(() => undefined); // Broken connections have nothing left to end.
    await this.running;
  }

  private async run(): Promise<void> {
    for (let wait = 50; !this.stopped.signal.aborted; wait = Math.min(wait * 2, MAX_RECONNECT_MS)) {
      try {
        await this.listen(() => (wait = 50));
      } catch (error) {
        if (!this.stopped.signal.aborted) this.onError(error);
      } finally {
        this.liveUntil = 0;
        const client = this.client;
        this.client = undefined;
        client?.end().catch(() => undefined);
      }
      await pause(wait, this.stopped.signal);
    }
  }

  private async listen(connected: () => void): Promise<void> {
    const { url, applicationName } = this.database.options;
    const client = new pg.Client({ connectionString: url, application_name: `${applicationName ?? 'hearth'} listener`, keepAlive: true, connectionTimeoutMillis: CONNECT_MS });
    this.client = client;
    // Listeners first: a connection may break in the same tick in which it was made.
    const failed = new Promise<never>((_, reject) => {
      client.on('error', reject);
      client.on('end', () => reject(new Error('The connection for change notices ended')));
    });
    failed.catch(() => undefined); // Awaited through the races below; between them it must not count as unhandled.
    await client.connect();
    client.on('notification', (notice) => this.listener.onChange(notice.payload ?? ''));
    await inTime(Promise.race([client.query(`LISTEN ${CHANNEL}`), failed]));
    this.listener.onGap();
    connected();
    while (!this.stopped.signal.aborted) {
      // Notices committed before the ping arrive before its answer, so its sending time is what counts.
      const sent = performance.now();
      await inTime(Promise.race([client.query('SELECT 1'), failed]));
      this.liveUntil = sent + LIVE_MS;
      await Promise.race([pause(PING_MS, this.stopped.signal), failed]);
    }
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Postgres did not answer the change listener for ${LIVE_MS} ms`)), LIVE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref(); // Listening alone does not keep a process alive.
    signal.addEventListener('abort', done);
  });
}
