import { randomUUID } from 'node:crypto';
import type { AliasRecord, Queryable } from '../alias-store.js';

export type ProvisionedStatus = 'IN_PROGRESS' | 'READY' | 'FAILED';

export interface ProvisionedRecord {
  /** Digits or an alias. */
  qualifier: string;
  requested: number;
  status: ProvisionedStatus;
  statusReason: string | null;
  /** Sandboxes that were started, ready or not. */
  allocated: number;
  /** Sandboxes that are ready. */
  available: number;
  /** Changes with every order, not with counts. */
  revisionId: string;
  lastModified: Date;
}

export interface ProvisionedRow {
  function_id: string;
  qualifier: string;
  requested: number;
  status: ProvisionedStatus;
  status_reason: string | null;
  allocated: number;
  available: number;
  revision_id: string;
  last_modified: Date;
  serving_version: string | null;
  serving_additional_version: string | null;
  serving_additional_weight: number | null;
}

export async function findProvisioned(database: Queryable, functionId: string, qualifier: string): Promise<ProvisionedRecord | undefined> {
  const { rows } = await database.query<ProvisionedRow>('SELECT * FROM provisioned_concurrency_configs WHERE function_id = $1 AND qualifier = $2', [functionId, qualifier]);
  return rows[0] && toProvisioned(rows[0]);
}

/** By qualifier. */
export async function listProvisioned(database: Queryable, functionId: string, after: string, limit: number): Promise<ProvisionedRecord[]> {
  const { rows } = await database.query<ProvisionedRow>('SELECT * FROM provisioned_concurrency_configs WHERE function_id = $1 AND qualifier > $2 ORDER BY qualifier LIMIT $3', [functionId, after, limit]);
  return rows.map(toProvisioned);
}

/** Which of the qualifiers are provisioned. */
export async function provisionedAmong(database: Queryable, functionId: string, qualifiers: readonly string[]): Promise<string[]> {
  const { rows } = await database.query<{ qualifier: string }>('SELECT qualifier FROM provisioned_concurrency_configs WHERE function_id = $1 AND qualifier = ANY($2)', [functionId, qualifiers]);
  return rows.map(({ qualifier }) => qualifier);
}

/** Of all qualifiers together. @param except a qualifier that does not count */
export async function totalProvisioned(database: Queryable, functionId: string, except = ''): Promise<number> {
  const { rows } = await database.query<{ total: number }>('SELECT COALESCE(sum(requested), 0)::int AS total FROM provisioned_concurrency_configs WHERE function_id = $1 AND qualifier <> $2', [functionId, except]);
  return rows[0]!.total;
}

/** A new order, or another number for the one there is: what it has stays until the new number is there. */
export async function putProvisioned(client: Queryable, functionId: string, qualifier: string, requested: number, lastModified: Date): Promise<ProvisionedRecord> {
  const { rows } = await client.query<ProvisionedRow>(
    `INSERT INTO provisioned_concurrency_configs AS p (function_id, qualifier, requested, status, revision_id, last_modified) VALUES ($1, $2, $3, 'IN_PROGRESS', $4, $5)
     ON CONFLICT (function_id, qualifier) DO UPDATE SET requested = excluded.requested, status = 'IN_PROGRESS', status_reason = NULL, revision_id = excluded.revision_id,
       last_modified = excluded.last_modified
     RETURNING *`,
    [functionId, qualifier, requested, randomUUID(), lastModified],
  );
  return toProvisioned(rows[0]!);
}

/** @returns false when there was none */
export async function deleteProvisioned(client: Queryable, functionId: string, qualifier: string): Promise<boolean> {
  return (await client.query('DELETE FROM provisioned_concurrency_configs WHERE function_id = $1 AND qualifier = $2', [functionId, qualifier])).rowCount === 1;
}

/** The alias points elsewhere: its invocations go on to where it pointed, if those sandboxes are ready, until the new ones are. */
export async function moveProvisioned(client: Queryable, former: AliasRecord, alias: AliasRecord): Promise<void> {
  await client.query(
    `UPDATE provisioned_concurrency_configs SET status = 'IN_PROGRESS', status_reason = NULL, revision_id = $3,
       serving_version = CASE WHEN serving_version IS NULL AND status = 'READY' THEN $4 ELSE serving_version END,
       serving_additional_version = CASE WHEN serving_version IS NULL AND status = 'READY' THEN $5 ELSE serving_additional_version END,
       serving_additional_weight = CASE WHEN serving_version IS NULL AND status = 'READY' THEN $6 ELSE serving_additional_weight END
     WHERE function_id = $1 AND qualifier = $2`,
    [alias.functionId, alias.name, randomUUID(), former.functionVersion, former.additional?.version ?? null, former.additional?.weight ?? null],
  );
}

/** A version is deleted: nothing is sent to it any more. */
export async function stopServing(client: Queryable, functionId: string, version: string): Promise<void> {
  await client.query(
    `UPDATE provisioned_concurrency_configs SET serving_version = NULL, serving_additional_version = NULL, serving_additional_weight = NULL
     WHERE function_id = $1 AND $2 IN (serving_version, serving_additional_version)`,
    [functionId, version],
  );
}

function toProvisioned(row: ProvisionedRow): ProvisionedRecord {
  const { qualifier, requested, status, status_reason: statusReason, allocated, available, revision_id: revisionId, last_modified: lastModified } = row;
  return { qualifier, requested, status, statusReason, allocated, available, revisionId, lastModified };
}
