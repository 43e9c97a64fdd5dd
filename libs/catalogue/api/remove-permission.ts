import type { OperationHandler } from '@hearth/aws-wire';
import { notFound, stalePolicyRevision } from '../errors.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import type { PolicyDocument } from '../policy-document.js';
import { deletePolicy, findPolicy, writePolicy } from '../policy-store.js';

interface RemovePermissionInput {
  FunctionName: string;
  StatementId: string;
  Qualifier?: string;
  RevisionId?: string;
}

/** The policy goes with its last statement. */
export function removePermission({ store }: CatalogueParts): OperationHandler {
  return async (input: RemovePermissionInput, context) => {
    const reference = referenceOf(input, context, 'RemovePermission');
    const qualifier = reference.qualifier ?? '';
    const done = await store.change(reference, async ({ owner }, change) => {
      const stored = await findPolicy(change.client, owner.id, qualifier);
      if (stored === undefined) throw notFound('No policy is associated with the given resource.');
      const document = JSON.parse(stored.document) as PolicyDocument;
      const left = document.Statement.filter(({ Sid }) => Sid !== input.StatementId);
      if (left.length === document.Statement.length) throw notFound(`Statement ${input.StatementId} is not found in resource policy.`);
      if (input.RevisionId !== undefined && input.RevisionId !== stored.revisionId) throw stalePolicyRevision('GetPolicy');
      if (left.length === 0) await deletePolicy(change.client, owner.id, qualifier);
      else await writePolicy(change.client, owner.id, qualifier, JSON.stringify({ ...document, Statement: left }));
      return true;
    });
    if (!done) throw notFound(`No policy found for: ${reference.arn}`);
    return {};
  };
}
