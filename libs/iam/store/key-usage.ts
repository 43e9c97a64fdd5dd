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

  /**
   * Two statements, each its own transaction with its rows locked in one order: two processes that write the same keys do not wait
   * for each other in a circle, nor does this with a deletion, which holds the role and then wants its keys.
   */
  private async write(batch: Map<string, Use>): Promise<void> {
    const { pool } = this.options.database;
    const ids = [...batch.keys()].sort();
    const uses = ids.map((id) => batch.get(id)!);
    const { rows } = await pool.query<{ id: string; identity_id: string | null }>(
      `WITH used AS (SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::text[]) AS u (id, at, service, region)),
       locked AS (SELECT id, identity_id FROM access_keys WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE)
       UPDATE access_keys k SET last_used_at = greatest(k.last_used_at, u.at), last_used_service = u.service, last_used_region = u.region
       FROM used u JOIN locked l ON l.id = u.id WHERE k.id = u.id RETURNING k.id, k.identity_id`,
      [ids, uses.map((use) => new Date(use.at)), uses.map((use) => use.service), uses.map((use) => use.region)],
    );
    const roles = new Map<string, Use>();
    for (const { id, identity_id } of rows) {
      const use = batch.get(id)!;
      if (identity_id?.startsWith('AROA') && (roles.get(identity_id)?.at ?? 0) < use.at) roles.set(identity_id, use);
    }
    if (roles.size === 0) return;
    const roleIds = [...roles.keys()].sort();
    await pool.query(
      `WITH used AS (SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::text[]) AS u (id, at, region)),
       locked AS (SELECT id FROM iam_identities WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE)
       UPDATE iam_identities i SET last_used_at = greatest(i.last_used_at, u.at), last_used_region = u.region
       FROM used u JOIN locked l ON l.id = u.id WHERE i.id = u.id`,
      [roleIds, roleIds.map((id) => new Date(roles.get(id)!.at)), roleIds.map((id) => roles.get(id)!.region)],
    );
  }
}
