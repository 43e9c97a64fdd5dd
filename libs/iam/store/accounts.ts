import { randomInt } from 'node:crypto';
import type { Database } from '@hearth/database';
import { ServiceError } from '@hearth/kernel';
import { accountRootArn, type AccessKey } from '../access-key.js';
import type { KeyStore } from '../key-store.js';

/** A tenant. */
export interface Account {
  /** 12 digits. */
  accountId: string;
  name: string;
  createdAt: Date;
  /** Its keys are refused since then. */
  disabledAt: Date | null;
}

export interface NewAccount {
  /** 1 to 64 characters, unique on the platform. */
  name: string;
  /** Chosen at random unless given. */
  accountId?: string;
}

const NAME = /^[\w+=,.@ -]{1,64}$/;
const ACCOUNT_ID = /^\d{12}$/;
const COLUMNS = 'id AS "accountId", name, created_at AS "createdAt", disabled_at AS "disabledAt"';

/**
 * Makes a tenant and the key of its administrator, the account's root. This is the only time the key's secret is shown.
 * @throws ServiceError ValidationError, EntityAlreadyExists
 */
export async function createAccount(
  database: Database,
  keyStore: KeyStore,
  account: NewAccount,
): Promise<{ account: Account; administratorKey: AccessKey }> {
  if (!NAME.test(account.name))
    throw new ServiceError('ValidationError', 400, 'An account name has 1 to 64 letters, digits, blanks or _+=,.@-');
  const accountId = account.accountId ?? newAccountId();
  if (!ACCOUNT_ID.test(accountId)) throw new ServiceError('ValidationError', 400, 'An account id has 12 digits');
  return database.transaction(async (client) => {
    const { rows } = await client.query<Account>(
      `INSERT INTO accounts (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING ${COLUMNS}`,
      [accountId, account.name],
    );
    if (rows[0] === undefined)
      throw new ServiceError(
        'EntityAlreadyExists',
        409,
        `An account with the name ${account.name} or the id ${accountId} already exists.`,
      );
    const administratorKey = await keyStore.create({ accountId, principalArn: accountRootArn(accountId) }, client);
    return { account: rows[0], administratorKey };
  });
}

/** In the order in which they were made. */
export async function listAccounts(database: Database): Promise<Account[]> {
  const { rows } = await database.pool.query<Account>(`SELECT ${COLUMNS} FROM accounts ORDER BY created_at, id`);
  return rows;
}

/**
 * Refuses all keys of the account from now on. Nothing of the account is removed.
 * @returns false when there is no such account
 */
export async function disableAccount(database: Database, accountId: string): Promise<boolean> {
  return setAccountDisabled(database, accountId, true);
}

export async function enableAccount(database: Database, accountId: string): Promise<boolean> {
  return setAccountDisabled(database, accountId, false);
}

async function setAccountDisabled(database: Database, accountId: string, disabled: boolean): Promise<boolean> {
  const { rowCount } = await database.pool.query(
    'UPDATE accounts SET disabled_at = CASE WHEN $2 THEN coalesce(disabled_at, now()) END WHERE id = $1',
    [accountId, disabled],
  );
  return rowCount === 1;
}

/** The first digit is not 0: such ids survive spreadsheets and YAML. */
function newAccountId(): string {
  return String(randomInt(100_000, 1_000_000)) + String(randomInt(0, 1_000_000)).padStart(6, '0');
}
