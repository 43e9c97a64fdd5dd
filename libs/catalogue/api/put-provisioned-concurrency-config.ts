import type { OperationHandler } from '@hearth/aws-wire';
import { functionNotFound } from '../errors.js';
import { accountScope } from '../function-cache.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { assertProvisionable, assertPublished, assertWithinLimits, provisionedAnswer } from '../provisioned/provisioned-rules.js';
import { putProvisioned, type ProvisionedRecord } from '../provisioned/provisioned-store.js';
import { takeTurn } from '../reservations.js';

/** 202: the sandboxes are started in the background. */
export function putProvisionedConcurrencyConfig({ store, accountConcurrency, clock }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Qualifier: string; ProvisionedConcurrentExecutions: number }, context) => {
    const reference = referenceOf(input, context, 'PutProvisionedConcurrencyConfig');
    const qualifier = reference.qualifier ?? input.Qualifier;
    assertPublished(qualifier);
    const record = await store.change<ProvisionedRecord>(reference, async ({ owner }, change) => {
      await assertProvisionable({ ...reference, qualifier }, change);
      await takeTurn(owner, change.client);
      await assertWithinLimits(owner, qualifier, input.ProvisionedConcurrentExecutions, accountConcurrency, change);
      change.makesStale(accountScope(owner.accountId, owner.region));
      return putProvisioned(change.client, owner.id, qualifier, input.ProvisionedConcurrentExecutions, new Date(clock.now()));
    });
    if (record === undefined) throw functionNotFound(reference.arn);
    return provisionedAnswer(record);
  };
}
