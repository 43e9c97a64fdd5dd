import { randomUUID } from 'node:crypto';
import type { Database } from '@hearth/database';
import { noSuchKey, noSuchVersion } from './object-errors.js';
import type { ObjectName, ObjectSource } from './object-source.js';

/** Name by which Lambda's API sees the uploads; every account has a bucket of this name. */
export const UPLOAD_BUCKET = 'hearth-artifacts';

/** Archives that were uploaded to Hearth itself. They stay until they are replaced or deleted. */
export class UploadStore implements ObjectSource {
  constructor(private readonly database: Database) {}

  /** @returns the version of the object */
  async put(accountId: string, key: string, content: Buffer): Promise<string> {
    const versionId = randomUUID();
    await this.database.pool.query(
      `INSERT INTO uploaded_artifacts (account_id, key, version_id, content) VALUES ($1, $2, $3, $4)
       ON CONFLICT (account_id, key) DO UPDATE SET version_id = excluded.version_id, content = excluded.content, uploaded_at = now()`,
      [accountId, key, versionId, content],
    );
    return versionId;
  }

  async read({ key, version }: ObjectName, accountId: string): Promise<Buffer> {
    const { rows } = await this.database.pool.query<{ version_id: string; content: Buffer }>('SELECT version_id, content FROM uploaded_artifacts WHERE account_id = $1 AND key = $2', [accountId, key]);
    if (rows[0] === undefined) throw noSuchKey();
    if (version !== undefined && version !== rows[0].version_id) throw noSuchVersion();
    return rows[0].content;
  }

  /** An unknown key is no error. */
  async delete(accountId: string, key: string): Promise<void> {
    await this.database.pool.query('DELETE FROM uploaded_artifacts WHERE account_id = $1 AND key = $2', [accountId, key]);
  }
}
