import type { OperationHandler } from '@hearth/aws-wire';
import { functionNotFound, notFound, stalePolicyRevision } from '../errors.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { deletePolicy, findPolicy } from '../policy-store.js';

export function deleteResourcePolicy({ store }: CatalogueParts): OperationHandler {
  return async (input: { ResourceArn: string; RevisionId?: string }, context) => {
    const reference = referenceOf({ FunctionName: input.ResourceArn }, context, 'DeleteResourcePolicy');
    const qualifier = reference.qualifier ?? '';
    const done = await store.change(reference, async ({ owner }, change) => {
      await change.assertQualifier(reference);
      const stored = await findPolicy(change.client, owner.id, qualifier);
      if (stored === undefined) throw notFound('No policy is associated with the given resource.');
      if (input.RevisionId !== undefined && input.RevisionId !== stored.revisionId) throw stalePolicyRevision('GetPolicy');
      await deletePolicy(change.client, owner.id, qualifier);
      return true;
    });
    if (!done) throw functionNotFound(reference.arn);
    return {};
  };
}
