import type { Database } from '@hearth/database';

/** A hand-out of an event to BullMQ. The number makes each job id new: BullMQ silently ignores an id it knows. */
export interface HandOut {
  id: string;
  dispatch: number;
}

/** How long a hand-out counts. An event that nobody claimed by then is handed out again. */
export const HAND_OUT_MS = 15_000;

/**
 * Which due events are handed out next: fair over accounts, then over functions (docs/decisions/0004). Each function's
 * oldest events take turns within its account, the accounts take turns among themselves, and what already runs counts
 * as turns taken. `tenant` walks the index from function to function, so the cost does not grow with the backlog.
 * The last condition is the compare-and-set between two reconcilers. It must not name the status: on a table without fresh
 * statistics Postgres would then read the whole backlog for it. A row claimed meanwhile costs one pointer in vain.
 */
const HAND_OUT_SQL = `
WITH RECURSIVE tenant AS (
  (SELECT account_id, function_name FROM async_events WHERE status = 'queued' ORDER BY account_id, function_name LIMIT 1)
  UNION ALL
  SELECT following.account_id, following.function_name FROM tenant CROSS JOIN LATERAL (
    SELECT account_id, function_name FROM async_events e
    WHERE status = 'queued' AND (e.account_id, e.function_name) > (tenant.account_id, tenant.function_name)
    ORDER BY account_id, function_name LIMIT 1) following
), running AS (
  SELECT account_id, function_name, count(*) AS n FROM async_events WHERE status = 'running' GROUP BY account_id, function_name
), candidate AS (
  SELECT due.id, due.due_at, due.dispatches, tenant.account_id,
    row_number() OVER (PARTITION BY tenant.account_id, tenant.function_name ORDER BY due.due_at)
      + coalesce((SELECT n FROM running r WHERE r.account_id = tenant.account_id AND r.function_name = tenant.function_name), 0) AS turn
  FROM tenant CROSS JOIN LATERAL (
    SELECT id, due_at, dispatches FROM async_events e
    WHERE status = 'queued' AND e.account_id = tenant.account_id AND e.function_name = tenant.function_name
      AND due_at <= now() AND (dispatched_until IS NULL OR dispatched_until <= now())
    ORDER BY due_at LIMIT $1) due
), picked AS (
  SELECT id, dispatches FROM (
    SELECT id, due_at, dispatches, row_number() OVER (PARTITION BY account_id ORDER BY turn, due_at)
      + coalesce((SELECT sum(n) FROM running r WHERE r.account_id = candidate.account_id), 0) AS account_turn
    FROM candidate) ordered
  ORDER BY account_turn, due_at LIMIT $1
)
UPDATE async_events e SET dispatches = e.dispatches + 1, dispatched_until = now() + $2 * interval '1 ms'
FROM picked WHERE e.id = picked.id AND e.dispatches = picked.dispatches
RETURNING e.id, e.dispatches AS dispatch`;

/**
 * After Postgres itself was away, every lease looks expired although its holder lives: no lease counts as expired until
 * the server has been up for one lease.
 */
const TAKE_BACK_SQL = `
UPDATE async_events SET status = 'queued', due_at = now(), owner = NULL, lease_until = NULL, dispatched_until = NULL
WHERE id IN (SELECT id FROM async_events WHERE status = 'running' AND lease_until <= now() AND pg_postmaster_start_time() < now() - $1 * interval '1 ms'
             ORDER BY lease_until LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING id`;

/** The events that wait, as the reconciler sees them: all functions, all accounts. */
export class Backlog {
  constructor(private readonly database: Database) {}

  /** Marks at most `limit` due events as handed out and says which. Two schedulers never get the same hand-out. */
  async handOut(limit: number): Promise<HandOut[]> {
    const { rows } = await this.database.pool.query<HandOut>({ name: 'hearth-backlog-hand-out', text: HAND_OUT_SQL, values: [limit, HAND_OUT_MS] });
    return rows;
  }

  /** These hand-outs did not reach Redis: they are due again at once. */
  async undo(ids: readonly string[]): Promise<void> {
    await this.database.pool.query(`UPDATE async_events SET dispatched_until = NULL WHERE id = ANY($1::uuid[]) AND status = 'queued'`, [ids]);
  }

  /** Redis may have forgotten what it was handed: everything that waits is due again. */
  async undoAll(): Promise<void> {
    await this.database.pool.query(`UPDATE async_events SET dispatched_until = NULL WHERE status = 'queued' AND dispatched_until > now()`);
  }

  /** Puts events whose holder is gone back into the backlog. @returns their ids */
  async takeBackExpired(leaseMs: number, limit: number): Promise<string[]> {
    const { rows } = await this.database.pool.query<{ id: string }>({ name: 'hearth-backlog-take-back', text: TAKE_BACK_SQL, values: [leaseMs, limit] });
    return rows.map((row) => row.id);
  }
}
