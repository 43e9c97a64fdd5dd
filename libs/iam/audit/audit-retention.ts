import type { Database } from '@hearth/database';

/** Events per statement: short transactions, and the sweep ends between them when it is stopped. */
const BATCH = 5_000;

/**
 * Removes events that are older than so many days, one at least. The table refuses every other removal, of Hearth itself too; this one goes through a function of the
 * database that never touches the last day. Any number of processes may sweep.
 * @returns how many it removed
 */
export async function expireAuditEvents({ pool }: Database, days: number, signal?: AbortSignal): Promise<number> {
  let total = 0;
  for (let count = BATCH; count === BATCH && signal?.aborted !== true; total += count) {
    const { rows } = await pool.query<{ removed: number }>(`SELECT hearth_expire_audit_events(now() - make_interval(days => $1), ${BATCH}) AS removed`, [days]);
    count = rows[0]!.removed;
  }
  return total;
}
