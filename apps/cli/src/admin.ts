import { createAccount, disableAccount, enableAccount, KeyStore, listAccounts } from '@hearth/iam';
import { OperatorError, ServiceError } from '@hearth/kernel';
import type { Installation } from './installation.js';
import { keyringOf } from './keys.js';
import { withDatabase } from './platform-database.js';

const USAGE = 'hearth admin account create NAME [ID] | list | disable ID | enable ID';

/** Tenants: `hearth admin account ...`. */
export async function admin(place: Installation, [what, verb, ...rest]: string[]): Promise<number> {
  if (what !== 'account') throw new OperatorError(`There is no 'hearth admin ${what ?? ''}'.`, USAGE);
  return withDatabase(place, async (database) => {
    switch (verb) {
      case 'create': {
        const [name, accountId] = rest;
        if (name === undefined) throw new OperatorError('The account needs a name.', USAGE);
        const keyStore = new KeyStore({ database, secretBox: await keyringOf(place, database), onError: () => undefined }); // Only of background refreshes, of which there are none here.
        try {
          const { account, administratorKey } = await createAccount(database, keyStore, { name, accountId });
          console.log(`account id         ${account.accountId}\nadministrator key, shown this once:\n  access key id      ${administratorKey.accessKeyId}\n  secret access key  ${administratorKey.secretAccessKey}`);
        } catch (error) {
          if (error instanceof ServiceError) throw new OperatorError(error.message, USAGE);
          throw error;
        }
        return 0;
      }
      case 'list':
        for (const { accountId, name, createdAt, disabledAt } of await listAccounts(database)) {
          console.log(`${accountId}  ${createdAt.toISOString()}  ${disabledAt === null ? 'enabled ' : 'disabled'}  ${name}`);
        }
        return 0;
      case 'disable':
      case 'enable': {
        const [accountId = ''] = rest;
        const known = await (verb === 'disable' ? disableAccount : enableAccount)(database, accountId);
        if (!known) throw new OperatorError(`There is no account ${accountId}.`, USAGE);
        console.log(`${accountId} is ${verb}d`);
        return 0;
      }
      default:
        throw new OperatorError(`There is no 'hearth admin account ${verb ?? ''}'.`, USAGE);
    }
  });
}
