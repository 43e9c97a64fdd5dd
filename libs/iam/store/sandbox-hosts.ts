import type { Database } from '@hearth/database';
import type { Queryable } from './queryable.js';

/** How often a life says that it goes on. */
export const RENEW_MS = 10_000;
/**
 * A life that was silent for this long is suspected; one that stays silent for as long again as SUSPECT_S after that is over. Two steps,
 * because after an outage of Postgres all are silent at first: nobody is given up before they had the time to speak.
 */
const SILENT_S = 30;
const SUSPECT_S = 20;

/** A life of a worker begins. What former lives of this owner left in their sandboxes is refused from now on. */
export async function beginSandboxHost(database: Database, id: string, owner: string): Promise<void> {
  await database.transaction(async (client) => {
    await client.query('DELETE FROM sandbox_hosts WHERE owner = $1', [owner]);
    await insertSandboxHost(client, id, owner);
  });
}

export async function insertSandboxHost(client: Queryable, id: string, owner: string): Promise<void> {
  await client.query('INSERT INTO sandbox_hosts (id, owner) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING', [id, owner]);
}

/** @returns false when the life was given up meanwhile, and its keys with it */
export async function renewSandboxHost(client: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await client.query('UPDATE sandbox_hosts SET renewed_at = now(), suspected_at = NULL WHERE id = $1', [id]);
  return rowCount === 1;
}

export async function endSandboxHost(client: Queryable, id: string): Promise<void> {
  await client.query('DELETE FROM sandbox_hosts WHERE id = $1', [id]);
}

/**
 * Credentials in sandboxes of workers that died are refused at most 70 s later, when this runs every RENEW_MS.
 * @returns how many lives were given up
 */
export async function removeLostSandboxHosts({ pool }: Database): Promise<number> {
  const { rowCount } = await pool.query(`DELETE FROM sandbox_hosts WHERE suspected_at < now() - interval '${SUSPECT_S} seconds'`);
  await pool.query(`UPDATE sandbox_hosts SET suspected_at = now() WHERE suspected_at IS NULL AND renewed_at < now() - interval '${SILENT_S} seconds'`);
  return rowCount ?? 0;
}

/** @returns once they are refused, or were already */
export async function deleteAccessKeys(client: Queryable, ids: readonly string[]): Promise<void> {
  await client.query('DELETE FROM access_keys WHERE id = ANY($1)', [ids]);
}
