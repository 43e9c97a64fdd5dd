import type { OperationHandler } from '@hearth/aws-wire';
import { isDuplicate } from '../store/queryable.js';
import { alreadyExists, noSuchEntity } from './errors.js';
import type { IamParts } from './parts.js';

/** A name for the account, one at most, unique on the platform. Terraform and sign-in pages know it; nothing in Hearth goes by it. */
export function accountAliasOperations({ database: { pool } }: IamParts): Record<string, OperationHandler> {
  return {
    /** Takes the place of the alias that there was. */
    CreateAccountAlias: async ({ AccountAlias }: { AccountAlias: string }, { accountId }) => {
      try {
        await pool.query('UPDATE accounts SET alias = $2 WHERE id = $1', [accountId, AccountAlias]);
      } catch (error) {
        if (isDuplicate(error)) throw alreadyExists(`The account alias ${AccountAlias} already exists.`);
        throw error;
      }
      return {};
    },
    DeleteAccountAlias: async ({ AccountAlias }: { AccountAlias: string }, { accountId }) => {
      const { rowCount } = await pool.query('UPDATE accounts SET alias = NULL WHERE id = $1 AND alias = $2', [accountId, AccountAlias]);
      if (rowCount === 0) throw noSuchEntity(`The account alias ${AccountAlias} does not exist.`);
      return {};
    },
    ListAccountAliases: async (_input: unknown, { accountId }) => {
      const { rows } = await pool.query<{ alias: string }>('SELECT alias FROM accounts WHERE id = $1 AND alias IS NOT NULL', [accountId]);
      return { AccountAliases: rows.map(({ alias }) => alias), IsTruncated: false };
    },
  };
}
