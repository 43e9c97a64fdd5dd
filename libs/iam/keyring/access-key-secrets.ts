import type { Database } from '@hearth/database';
import { secretContext } from '../access-key.js';
import type { Keyring } from './keyring.js';
import { outdated, type SealedValues } from './rotation.js';

/** Secrets of access keys. */
export function accessKeySecrets(database: Database, keyring: Pick<Keyring, 'reseal'>): SealedValues {
  return {
    what: 'access keys',
    async reseal(limit) {
      const { rows } = await database.pool.query<{ id: string; sealed_secret: Buffer }>(`SELECT id, sealed_secret FROM access_keys WHERE ${outdated('sealed_with')} ORDER BY id LIMIT $1`, [limit]);
      for (const { id, sealed_secret } of rows) {
        const resealed = await keyring.reseal(sealed_secret, secretContext(id));
        await database.pool.query('UPDATE access_keys SET sealed_secret = $3 WHERE id = $1 AND sealed_secret = $2', [id, sealed_secret, resealed]);
      }
      return rows.length;
    },
  };
}
