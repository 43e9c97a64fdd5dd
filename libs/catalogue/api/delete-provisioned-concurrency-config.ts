import type { OperationHandler } from '@hearth/aws-wire';
import { functionNotFound } from '../errors.js';
import { accountScope } from '../function-cache.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { provisionedQualifier } from '../provisioned/provisioned-rules.js';
import { deleteProvisioned } from '../provisioned/provisioned-store.js';

/** What is not there needs no deleting. Busy sandboxes end after their invocation. */
export function deleteProvisionedConcurrencyConfig({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Qualifier: string }, context) => {
    const reference = referenceOf(input, context, 'DeleteProvisionedConcurrencyConfig');
    const qualifier = provisionedQualifier(reference);
    const done = await store.change(reference, async ({ owner }, change) => {
      await change.assertQualifier(reference);
      if (await deleteProvisioned(change.client, owner.id, qualifier)) change.makesStale(accountScope(owner.accountId, owner.region));
      return true;
    });
    if (!done) throw functionNotFound(reference.arn);
    return {};
  };
}
