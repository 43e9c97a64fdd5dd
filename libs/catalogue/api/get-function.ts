import type { OperationHandler } from '@hearth/aws-wire';
import { functionConfiguration } from '../answer.js';
import { findVersion } from '../find-function.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

export function getFunction({ store, vault, codeLink }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Qualifier?: string }, context) => {
    const reference = referenceOf(input, context, 'GetFunction');
    const { owner, record } = await findVersion(store, reference);
    const location = await codeLink({ accountId: owner.accountId, functionName: owner.name, version: record.version, codeDigest: record.codeDigest }, context);
    return {
      Configuration: await functionConfiguration(owner, record, vault, { qualifier: reference.qualifier }),
      Code: { RepositoryType: 'S3', Location: location },
      ...(owner.reservedConcurrency === null ? {} : { Concurrency: { ReservedConcurrentExecutions: owner.reservedConcurrency } }),
      ...(Object.keys(owner.tags).length === 0 ? {} : { Tags: owner.tags }),
    };
  };
}
