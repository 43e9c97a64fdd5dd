import type { Database } from '@hearth/database';
import { outdated, type Keyring, type SealedValues } from '@hearth/iam';
import { contextOf } from './environment.js';

const OUTDATED = `(sealed_environment IS NOT NULL AND ${outdated('sealed_with')}) OR (serving ->> 'sealedEnvironment' IS NOT NULL AND ${outdated('serving_sealed_with')})`;

interface Row {
  function_id: string;
  version: string;
  sealed_environment: Buffer | null;
  served: string | null;
}

/**
 * Environment variables of functions, for the rotation of keys. Nothing that a caller sees changes: neither revisions nor the hash of
 * the configuration. Under the lock of each function (store.ts, 1), so that no writer puts older bytes back.
 */
export function functionEnvironments(database: Database, keyring: Pick<Keyring, 'reseal'>): SealedValues {
  const resealed = async ({ function_id }: Row, sealed: Buffer | null): Promise<Buffer | null> => sealed && keyring.reseal(sealed, contextOf(function_id));
  return {
    what: 'environment variables',
    async reseal(limit) {
      const { rows } = await database.pool.query<{ function_id: string }>(`SELECT function_id FROM function_versions WHERE ${OUTDATED} ORDER BY function_id, version_number LIMIT $1`, [limit]);
      for (const functionId of new Set(rows.map(({ function_id }) => function_id))) {
        await database.transaction(async (client) => {
          await client.query('SELECT 1 FROM functions WHERE id = $1 FOR UPDATE', [functionId]);
          const versions = await client.query<Row>(
            `SELECT function_id, version, sealed_environment, serving ->> 'sealedEnvironment' AS served FROM function_versions WHERE function_id = $1 AND (${OUTDATED}) LIMIT $2`,
            [functionId, limit],
          );
          for (const row of versions.rows) {
            const served = await resealed(row, row.served === null ? null : Buffer.from(row.served, 'base64'));
            await client.query(
              `UPDATE function_versions SET sealed_environment = $3,
                 serving = CASE WHEN $4::text IS NULL THEN serving ELSE jsonb_set(serving, '{sealedEnvironment}', to_jsonb($4::text)) END
               WHERE function_id = $1 AND version = $2`,
              [functionId, row.version, await resealed(row, row.sealed_environment), served?.toString('base64') ?? null],
            );
          }
        });
      }
      return rows.length;
    },
  };
}
