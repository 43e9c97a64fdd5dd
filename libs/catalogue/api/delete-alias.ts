import type { OperationHandler } from '@hearth/aws-wire';
import { deleteAliasRow } from '../alias-store.js';
import { functionNotFound } from '../errors.js';
import { accountScope } from '../function-cache.js';
import { wholeFunction } from '../latest-only.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

/** An unknown alias is no error (spec/lambda-api.md 4.3). */
export function deleteAlias({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Name: string }, context) => {
    const reference = wholeFunction(referenceOf(input, context, 'DeleteAlias'));
    const done = await store.change(reference, async ({ owner }, change) => {
      await deleteAliasRow(change.client, owner.id, input.Name);
      if (await change.deleteSettingsOf(input.Name)) change.makesStale(accountScope(owner.accountId, owner.region));
      return true;
    });
    if (!done) throw functionNotFound(reference.arn);
    return {};
  };
}
