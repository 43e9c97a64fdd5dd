import type { Database } from '@hearth/database';
import { OperatorError } from '@hearth/kernel';
import { accountRootArn, type AccessKey } from './access-key.js';
import type { KeyStore } from './key-store.js';
import { findCredentials, writeConfig, writeCredentials, type ProfileTarget } from './profile-files.js';
import { SealError } from './secret-box.js';

/** Key of the advisory lock under which the first account is made; any constant that nothing else in Hearth locks. */
const FIRST_START_LOCK = 7_330_041;

export interface AdministratorOptions extends ProfileTarget {
  database: Database;
  keyStore: KeyStore;
  /** 12 digits. */
  accountId: string;
}

export interface Administrator {
  accountId: string;
  accessKeyId: string;
  /** Only in the start that made the key: it is shown once. */
  secretAccessKey?: string;
  created: boolean;
  /** For AWS_SHARED_CREDENTIALS_FILE. */
  credentialsFile: string;
  /** For AWS_CONFIG_FILE. */
  configFile: string;
}

/**
 * Makes the account and its administrator key at the first start, and the profile files (mode 0600) wherever they are missing. Two
 * processes that start at once make one key: the second waits for the lock and finds it.
 * @throws OperatorError when the stored key was sealed with another master key, or the profile cannot be written
 */
export async function ensureAdministrator(options: AdministratorOptions): Promise<Administrator> {
  const { database, accountId, keyStore } = options;
  return database.transaction(async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [FIRST_START_LOCK]);
    await client.query('INSERT INTO accounts (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING', [accountId, `account-${accountId}`]);
    const { rows } = await client.query<{ id: string }>(
      'SELECT id FROM access_keys WHERE account_id = $1 AND principal_arn = $2 AND expires_at IS NULL ORDER BY active DESC, created_at, id LIMIT 1',
      [accountId, accountRootArn(accountId)],
    );
    const existing = rows[0] === undefined ? undefined : await openExisting(() => keyStore.read(rows[0]!.id, client));
    const key = existing ?? (await keyStore.create({ accountId, principalArn: accountRootArn(accountId) }, client));
    // The file is written before the commit: a crash in between leaves a dead key in the file, which the next start replaces, and
    // never a key in the database that nobody knows.
    const credentialsFile = (await findCredentials(options, key.accessKeyId)) ?? (await writeCredentials(options, key));
    const configFile = await writeConfig(options);
    return {
      accountId,
      accessKeyId: key.accessKeyId,
      created: existing === undefined,
      credentialsFile,
      configFile,
      ...(existing === undefined ? { secretAccessKey: key.secretAccessKey } : {}),
    };
  });
}

async function openExisting(read: () => Promise<AccessKey | undefined>): Promise<AccessKey | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new OperatorError(
      'The secrets in this database were encrypted with another master key.',
      'Set HEARTH_MASTER_KEY, or put back the master.key file of the state directory, that this database was first used with.',
    );
  }
}
