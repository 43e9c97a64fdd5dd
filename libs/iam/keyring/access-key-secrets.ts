import type { Database } from '@hearth/database';
import { secretContext } from '../access-key.js';
import type { Keyring } from './keyring.js';
import { outdated, type SealedValues } from './rotation.js';

const OUTDATED = outdated('sealed_with');

/** Secrets of access keys. Rows that somebody else is writing are left for the next time, so nobody waits for both. */
export function accessKeySecrets(database: Database, keyring: Pick<Keyring, 'reseal'>): SealedValues {
  return {
    what: 'access keys',
    async reseal(limit) {
      const found = await database.pool.query<{ id: string }>(`SELECT id FROM access_keys WHERE ${OUTDATED} LIMIT $1`, [limit]);
      const resealed = await database.transaction(async (client) => {
        const { rows } = await client.query<{ id: string; sealed_secret: Buffer }>(
          `SELECT id, sealed_secret FROM access_keys WHERE id = ANY ($1) AND ${OUTDATED} FOR UPDATE OF access_keys SKIP LOCKED`,
          [found.rows.map(({ id }) => id)],
        );
        const sealed = await Promise.all(rows.map(({ id, sealed_secret }) => keyring.reseal(sealed_secret, secretContext(id))));
        await client.query('UPDATE access_keys k SET sealed_secret = n.sealed FROM unnest($1::text[], $2::bytea[]) AS n (id, sealed) WHERE k.id = n.id', [rows.map(({ id }) => id), sealed]);
        return rows.length;
      });
      return { found: found.rows.length, resealed };
    },
  };
}
