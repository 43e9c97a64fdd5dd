import { MAX_UNZIPPED_BYTES, MAX_ZIPPED_BYTES } from '@hearth/artifacts';
import type { OperationHandler } from '@hearth/aws-wire';
import type { CatalogueParts } from '../parts.js';
import { reservedInAccount } from '../reservations.js';

export function getAccountSettings({ store, accountConcurrency, codeStorageBytes }: CatalogueParts): OperationHandler {
  return async (_input, { accountId, region }) => {
    const [reserved, usage] = await Promise.all([reservedInAccount(store.database.pool, accountId, region), store.usage(accountId, region)]);
    return {
      AccountLimit: {
        TotalCodeSize: codeStorageBytes,
        CodeSizeUnzipped: MAX_UNZIPPED_BYTES,
        CodeSizeZipped: MAX_ZIPPED_BYTES,
        ConcurrentExecutions: accountConcurrency,
        UnreservedConcurrentExecutions: accountConcurrency - reserved,
      },
      AccountUsage: { TotalCodeSize: usage.codeBytes, FunctionCount: usage.functions },
    };
  };
}
