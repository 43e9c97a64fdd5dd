import type { Database } from '@hearth/database';
import { systemClock, type Clock } from '@hearth/kernel';

/** AWS shows the use of a key late too; a crash loses at most this much of it. */
const FLUSH_MS = 10_000;

interface Use {
  at: number;
  service: string;
  region: string;
}

export interface KeyUsageOptions {
  database: Database;
  clock?: Clock;
  /** Told of writes that failed. What they held is written with the next ones. */
  onError: (error: Error) => void;
}

/** Remembers when keys and roles were last used (GetAccessKeyLastUsed, RoleLastUsed). Recording costs the request one map entry. */
export class KeyUsage {
  private pending = new Map<string, Use>();
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> | undefined;
  private readonly clock: Clock;

  constructor(private readonly options: KeyUsageOptions) {
    this.clock = options.clock ?? systemClock;
  }

  start(): void {
    this.timer = setInterval(() => {
      this.flushing ??= this.flush()
        .catch(this.options.onError)
        .finally(() => (this.flushing = undefined));
    }, FLUSH_MS);
    this.timer.unref();
  }

  /** Writes what is left. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.flushing;
    await this.flush().catch(this.options.onError);
  }

  /** @param service signing name, for instance `lambda` */
  record(accessKeyId: string, service: string, region: string): void {
    this.pending.set(accessKeyId, { at: this.clock.now(), service, region });
  }

  async flush(): Promise<void> {
    if (this.pending.size === 0) return;
    const batch = this.pending;
    this.pending = new Map();
    try {
      await this.write(batch);
    } catch (error) {
      for (const [id, use] of batch) if (!this.pending.has(id)) this.pending.set(id, use);
      throw error;
    }
  }

  // Rows are locked in one order, so that two processes that write the same keys cannot wait for each other in a circle.
  private async write(batch: Map<string, Use>): Promise<void> {
    const ids = [...batch.keys()].sort();
    const uses = ids.map((id) => batch.get(id)!);
    await this.options.database.pool.query(
      `WITH used AS (SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[]) AS u (id, at, service, region)),
       locked AS (SELECT k.id, k.identity_id FROM access_keys k WHERE k.id = ANY($1) ORDER BY k.id FOR NO KEY UPDATE),
       keys AS (UPDATE access_keys k SET last_used_at = u.at, last_used_service = u.service, last_used_region = u.region
                FROM used u JOIN locked l ON l.id = u.id WHERE k.id = u.id AND (k.last_used_at IS NULL OR k.last_used_at < u.at)),
       roles AS (SELECT DISTINCT ON (l.identity_id) l.identity_id, u.at, u.region FROM locked l JOIN used u ON u.id = l.id WHERE l.identity_id LIKE 'AROA%' ORDER BY l.identity_id, u.at DESC),
       locked_roles AS (SELECT i.id FROM iam_identities i WHERE i.id IN (SELECT identity_id FROM roles) ORDER BY i.id FOR NO KEY UPDATE)
       UPDATE iam_identities i SET last_used_at = r.at, last_used_region = r.region
       FROM roles r JOIN locked_roles l ON l.id = r.identity_id WHERE i.id = r.identity_id AND (i.last_used_at IS NULL OR i.last_used_at < r.at)`,
      [ids, uses.map((use) => new Date(use.at)), uses.map((use) => use.service), uses.map((use) => use.region)],
    );
  }
}
