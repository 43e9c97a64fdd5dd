import type { OperationHandler } from '@hearth/aws-wire';
import { functionNotFound, stalePolicyRevision } from '../errors.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { checkedPolicy, policyQualifier, policyText } from '../policy-document.js';
import { findPolicy, writePolicy } from '../policy-store.js';

/** Writes the whole document: statements added through AddPermission are replaced too (spec/lambda-api.md 4.5). */
export function putResourcePolicy({ store }: CatalogueParts): OperationHandler {
  return async (input: { ResourceArn: string; Policy: string; RevisionId?: string }, context) => {
    const reference = referenceOf({ FunctionName: input.ResourceArn }, context, 'PutResourcePolicy');
    const qualifier = policyQualifier(reference);
    const document = policyText(checkedPolicy(input.Policy));
    const revisionId = await store.change(reference, async ({ owner }, change) => {
      await change.assertQualifier(reference);
      if (input.RevisionId !== undefined && input.RevisionId !== (await findPolicy(change.client, owner.id, qualifier))?.revisionId) throw stalePolicyRevision('GetPolicy');
      return writePolicy(change.client, owner.id, qualifier, document);
    });
    if (revisionId === undefined) throw functionNotFound(reference.arn);
    return { Policy: document, RevisionId: revisionId };
  };
}
