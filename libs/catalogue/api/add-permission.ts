import type { OperationHandler } from '@hearth/aws-wire';
import { functionNotFound, stalePolicyRevision, statementExists } from '../errors.js';
import { findVersion } from '../find-function.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { emptyPolicy, permissionStatement, policyQualifier, policyResource, policyText, type PermissionInput, type PolicyDocument } from '../policy-document.js';
import { findPolicy, writePolicy } from '../policy-store.js';

interface AddPermissionInput extends PermissionInput {
  FunctionName: string;
  Qualifier?: string;
  RevisionId?: string;
}

export function addPermission({ store }: CatalogueParts): OperationHandler {
  return async (input: AddPermissionInput, context) => {
    const reference = referenceOf(input, context, 'AddPermission');
    const qualifier = policyQualifier(reference);
    const statement = permissionStatement(input, policyResource(reference));
    await findVersion(store, reference);
    const done = await store.change(reference, async ({ owner }, change) => {
      await change.assertQualifier(reference);
      const stored = await findPolicy(change.client, owner.id, qualifier);
      if (input.RevisionId !== undefined && input.RevisionId !== stored?.revisionId) throw stalePolicyRevision('GetPolicy');
      const document = stored === undefined ? emptyPolicy() : (JSON.parse(stored.document) as PolicyDocument);
      if (document.Statement.some(({ Sid }) => Sid === input.StatementId)) throw statementExists(input.StatementId);
      await writePolicy(change.client, owner.id, qualifier, policyText({ ...document, Statement: [...document.Statement, statement] }));
      return true;
    });
    if (!done) throw functionNotFound(reference.arn);
    return { Statement: JSON.stringify(statement) };
  };
}
