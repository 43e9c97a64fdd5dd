import type { OperationHandler } from '@hearth/aws-wire';
import { notFound } from '../errors.js';
import { findVersion } from '../find-function.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { findPolicy } from '../policy-store.js';

export function getPolicy({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Qualifier?: string }, context) => {
    const reference = referenceOf(input, context, 'GetPolicy');
    const { owner } = await findVersion(store, reference);
    const policy = await findPolicy(store.database.pool, owner.id, reference.qualifier ?? '');
    if (policy === undefined) throw notFound('The resource you requested does not exist.');
    return { Policy: policy.document, RevisionId: policy.revisionId };
  };
}
