import type { OperationHandler } from '@hearth/aws-wire';
import { aliasesOfVersion } from '../alias-store.js';
import { conflict, functionNotFound, invalidParameter } from '../errors.js';
import { accountScope } from '../function-cache.js';
import { LATEST } from '../function-record.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { totalProvisioned } from '../provisioned/provisioned-store.js';

/** With a qualifier only that version, else the function with everything that belongs to it. Answers 204 as recorded. */
export function deleteFunction({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Qualifier?: string }, context) => {
    const reference = referenceOf(input, context, 'DeleteFunction');
    const { qualifier } = reference;
    if (qualifier === LATEST) throw invalidParameter('$LATEST version cannot be deleted without deleting the function.');
    const deleted = await store.change(reference, async ({ owner }, change) => {
      if (qualifier !== undefined) {
        const aliases = await aliasesOfVersion(change.client, owner.id, qualifier);
        if (aliases.length > 0) throw conflict(`Unable to delete version because the following aliases reference it: [${aliases.join(', ')}]`);
        if (await change.deleteSettingsOf(qualifier)) change.makesStale(accountScope(owner.accountId, owner.region));
        return change.deleteVersion(qualifier);
      }
      if (owner.reservedConcurrency !== null || (await totalProvisioned(change.client, owner.id)) > 0) change.makesStale(accountScope(owner.accountId, owner.region));
      await change.deleteFunction();
      return true;
    });
    if (!deleted) throw functionNotFound(reference.arn);
    return { StatusCode: 204 };
  };
}
