import type { Database } from '@hearth/database';
import type pg from 'pg';

export interface AliasRecord {
  functionId: string;
  name: string;
  functionVersion: string;
  description: string;
  /** Version and its share of invocations, 0 to 1; the rest goes to `functionVersion`. */
  additional: { version: string; weight: number } | null;
  revisionId: string;
}

interface AliasRow {
  function_id: string;
  name: string;
  function_version: string;
  description: string;
  additional_version: string | null;
  additional_weight: number | null;
  revision_id: string;
}

/** The pool, or the connection of a function's change (store.ts, invariant 1). */
export type Queryable = Pick<pg.Pool | pg.PoolClient, 'query'>;

export async function findAlias(database: Queryable, functionId: string, name: string): Promise<AliasRecord | undefined> {
  const { rows } = await database.query<AliasRow>('SELECT * FROM function_aliases WHERE function_id = $1 AND name = $2', [functionId, name]);
  return rows[0] && toAlias(rows[0]);
}

/** By name; with `version` only those that point to it. */
export async function listAliases(database: Database, functionId: string, version: string | undefined, after: string, limit: number): Promise<AliasRecord[]> {
  const { rows } = await database.pool.query<AliasRow>(
    `SELECT * FROM function_aliases WHERE function_id = $1 AND name > $2 AND ($3::text IS NULL OR $3 IN (function_version, additional_version)) ORDER BY name LIMIT $4`,
    [functionId, after, version ?? null, limit],
  );
  return rows.map(toAlias);
}

/** Names, in order. */
export async function aliasesOfVersion(database: Queryable, functionId: string, version: string): Promise<string[]> {
  const { rows } = await database.query<{ name: string }>('SELECT name FROM function_aliases WHERE function_id = $1 AND $2 IN (function_version, additional_version) ORDER BY name', [functionId, version]);
  return rows.map(({ name }) => name);
}

/** @returns false when the name is taken */
export async function insertAlias(client: Queryable, alias: AliasRecord): Promise<boolean> {
  const { rowCount } = await client.query(
    `INSERT INTO function_aliases (function_id, name, function_version, description, additional_version, additional_weight, revision_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
    valuesOf(alias),
  );
  return rowCount === 1;
}

export async function updateAliasRow(client: Queryable, alias: AliasRecord): Promise<void> {
  await client.query(
    `UPDATE function_aliases SET function_version = $3, description = $4, additional_version = $5, additional_weight = $6, revision_id = $7
     WHERE function_id = $1 AND name = $2`,
    valuesOf(alias),
  );
}

export async function deleteAliasRow(client: Queryable, functionId: string, name: string): Promise<void> {
  await client.query('DELETE FROM function_aliases WHERE function_id = $1 AND name = $2', [functionId, name]);
}

function valuesOf({ functionId, name, functionVersion, description, additional, revisionId }: AliasRecord): unknown[] {
  return [functionId, name, functionVersion, description, additional?.version ?? null, additional?.weight ?? null, revisionId];
}

function toAlias(row: AliasRow): AliasRecord {
  const { function_id: functionId, name, function_version: functionVersion, description, additional_version: version, additional_weight: weight, revision_id: revisionId } = row;
  return { functionId, name, functionVersion, description, additional: version === null ? null : { version, weight: weight! }, revisionId };
}
