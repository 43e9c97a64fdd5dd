/**
 * Removes lines that are past their group's retention or whose group or stream was deleted. Any number of processes may sweep: rows that
 * another one is deleting are left to it.
 */
import type { Database } from '@hearth/database';
import { Recurring, type Clock } from '@hearth/kernel';
import { DAY_MS } from './limits.js';

const INTERVAL_MS = 600_000;
/** Blocks per statement: short transactions, and the sweep ends between them when it is stopped. */
const BATCH = 1_000;

const EXPIRE = `
WITH gone AS (
  DELETE FROM log_blocks WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM log_blocks WHERE group_id = $1 AND first_at < $2 AND last_at < $2 LIMIT ${BATCH} FOR UPDATE SKIP LOCKED))
  RETURNING stream_id, bytes
), sums AS (
  SELECT stream_id, sum(bytes) AS bytes FROM gone GROUP BY stream_id
), locked AS MATERIALIZED (
  SELECT id FROM log_streams WHERE id IN (SELECT stream_id FROM sums) ORDER BY id FOR NO KEY UPDATE
), updated AS (
  UPDATE log_streams s SET stored_bytes = s.stored_bytes - sums.bytes, first_event_at = least(s.last_event_at, greatest(s.first_event_at, $2))
  FROM sums JOIN locked ON locked.id = sums.stream_id WHERE s.id = locked.id
)
SELECT count(*)::int AS count FROM gone`;

/** Function streams come with every sandbox: those that hold nothing any more leave too, unless they were just written to. */
const FORGET_STREAMS = `
DELETE FROM log_streams s WHERE group_id = $1 AND last_ingestion < $2 AND NOT EXISTS (SELECT 1 FROM log_blocks b WHERE b.stream_id = s.id)`;

export interface LogSweepParts {
  database: Database;
  clock: Clock;
}

/** Sweeps now and at intervals. */
export function logSweep({ onError, ...parts }: LogSweepParts & { onError(error: unknown): void }): Recurring {
  return new Recurring({ everyMs: INTERVAL_MS, run: (signal) => new LogSweep(parts, signal).sweep(), onError });
}

export class LogSweep {
  constructor(
    private readonly parts: LogSweepParts,
    /** Ends it between two batches. */
    private readonly signal: AbortSignal,
  ) {}

  /** @returns how many blocks it removed */
  async sweep(): Promise<number> {
    return (await this.purgeDeleted()) + (await this.expire());
  }

  private async purgeDeleted(): Promise<number> {
    const { pool } = this.parts.database;
    const { rows } = await pool.query<{ id: string; group_id: string; stream_id: string | null }>('SELECT id, group_id, stream_id FROM log_purges ORDER BY id');
    let removed = 0;
    for (const { id, group_id, stream_id } of rows) {
      const [condition, key] = stream_id === null ? ['group_id = $1', group_id] : ['stream_id = $1', stream_id];
      const count = await this.untilNone(`DELETE FROM log_blocks WHERE ctid = ANY(ARRAY(SELECT ctid FROM log_blocks WHERE ${condition} LIMIT ${BATCH}))`, [key]);
      if (this.signal.aborted) return removed;
      removed += count;
      await pool.query('DELETE FROM log_purges WHERE id = $1', [id]);
    }
    return removed;
  }

  private async expire(): Promise<number> {
    const { pool } = this.parts.database;
    const { rows } = await pool.query<{ id: string; retention_days: number }>('SELECT id, retention_days FROM log_groups WHERE retention_days IS NOT NULL');
    let removed = 0;
    for (const { id, retention_days } of rows) {
      const cutoff = this.parts.clock.now() - retention_days * DAY_MS;
      for (let count = BATCH; count === BATCH && !this.signal.aborted; removed += count) count = (await pool.query<{ count: number }>(EXPIRE, [id, cutoff])).rows[0]!.count;
      if (this.signal.aborted) return removed;
      await pool.query(FORGET_STREAMS, [id, cutoff]);
    }
    return removed;
  }

  private async untilNone(statement: string, values: unknown[]): Promise<number> {
    let total = 0;
    for (let count = BATCH; count === BATCH && !this.signal.aborted; total += count) count = (await this.parts.database.pool.query(statement, values)).rowCount ?? 0;
    return total;
  }
}
