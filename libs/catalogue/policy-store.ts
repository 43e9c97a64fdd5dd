import { randomUUID } from 'node:crypto';
import type { Queryable } from './alias-store.js';
import type { FunctionPlace } from './store.js';

export interface StoredPolicy {
  /** JSON text. */
  document: string;
  revisionId: string;
}

/** @param qualifier empty for the function itself */
export async function findPolicy(database: Queryable, functionId: string, qualifier: string): Promise<StoredPolicy | undefined> {
  const { rows } = await database.query<{ document: string; revision_id: string }>('SELECT document, revision_id FROM function_policies WHERE function_id = $1 AND qualifier = $2', [functionId, qualifier]);
  return rows[0] && { document: rows[0].document, revisionId: rows[0].revision_id };
}

/** The function's id, with its policy if it has one; undefined when there is no such function. */
export async function findPolicyByName(database: Queryable, place: FunctionPlace, qualifier: string): Promise<{ functionId: string; policy?: StoredPolicy } | undefined> {
  const { rows } = await database.query<{ id: string; document: string | null; revision_id: string }>(
    `SELECT f.id, p.document, p.revision_id FROM functions f LEFT JOIN function_policies p ON p.function_id = f.id AND p.qualifier = $4
     WHERE f.account_id = $1 AND f.region = $2 AND f.name = $3`,
    [place.accountId, place.region, place.name, qualifier],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return { functionId: row.id, ...(row.document === null ? {} : { policy: { document: row.document, revisionId: row.revision_id } }) };
}

/** @returns the new revision */
export async function writePolicy(client: Queryable, functionId: string, qualifier: string, document: string): Promise<string> {
  const revisionId = randomUUID();
  await client.query(
    `INSERT INTO function_policies (function_id, qualifier, document, revision_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (function_id, qualifier) DO UPDATE SET document = excluded.document, revision_id = excluded.revision_id`,
    [functionId, qualifier, document, revisionId],
  );
  return revisionId;
}

export async function deletePolicy(client: Queryable, functionId: string, qualifier: string): Promise<void> {
  await client.query('DELETE FROM function_policies WHERE function_id = $1 AND qualifier = $2', [functionId, qualifier]);
}
