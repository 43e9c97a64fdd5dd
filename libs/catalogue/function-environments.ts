import type { Database } from '@hearth/database';
import { outdated, type Keyring, type SealedValues } from '@hearth/iam';
import { contextOf } from './environment.js';

const OUTDATED = `((sealed_environment IS NOT NULL AND ${outdated('sealed_with')}) OR (serving ->> 'sealedEnvironment' IS NOT NULL AND ${outdated('serving_sealed_with')}))`;

interface Row {
  function_id: string;
  version: string;
  sealed_environment: Buffer | null;
  served: string | null;
}

const UPDATE = `
UPDATE function_versions v SET sealed_environment = n.sealed,
  serving = CASE WHEN n.served IS NULL THEN v.serving ELSE jsonb_set(v.serving, '{sealedEnvironment}', to_jsonb(n.served)) END
FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::text[]) AS n (function_id, version, sealed, served)
WHERE v.function_id = n.function_id AND v.version = n.version`;

/**
 * Environment variables of functions, for the rotation of keys. Nothing that a caller sees changes: neither revisions nor the hash of
 * the configuration. Under the lock of each function (store.ts, 1), so that no writer puts older bytes back; functions that somebody else
 * is writing are left for the next time.
 */
export function functionEnvironments(database: Database, keyring: Pick<Keyring, 'reseal'>): SealedValues {
  const reseal = async (functionId: string, sealed: Buffer | null): Promise<Buffer | null> => sealed && keyring.reseal(sealed, contextOf(functionId));
  return {
    what: 'environment variables',
    async reseal(limit) {
      const found = await database.pool.query<{ function_id: string }>(`SELECT function_id FROM function_versions WHERE ${OUTDATED} LIMIT $1`, [limit]);
      const resealed = await database.transaction(async (client) => {
        const locked = await client.query<{ id: string }>('SELECT id FROM functions WHERE id = ANY ($1) FOR UPDATE SKIP LOCKED', [found.rows.map(({ function_id }) => function_id)]);
        const { rows } = await client.query<Row>(
          `SELECT function_id, version, sealed_environment, serving ->> 'sealedEnvironment' AS served FROM function_versions WHERE function_id = ANY ($1) AND ${OUTDATED} LIMIT $2`,
          [locked.rows.map(({ id }) => id), limit],
        );
        const sealed = await Promise.all(rows.map((row) => reseal(row.function_id, row.sealed_environment)));
        const served = await Promise.all(rows.map((row) => reseal(row.function_id, row.served === null ? null : Buffer.from(row.served, 'base64'))));
        await client.query(UPDATE, [rows.map(({ function_id }) => function_id), rows.map(({ version }) => version), sealed, served.map((each) => each?.toString('base64') ?? null)]);
        return rows.length;
      });
      return { found: found.rows.length, resealed };
    },
  };
}
