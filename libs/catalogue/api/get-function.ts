import type { OperationContext, OperationHandler } from '@hearth/aws-wire';
import { functionConfiguration } from '../answer.js';
import { findVersion } from '../find-function.js';
import type { FunctionRecord, VersionRecord } from '../function-record.js';
import { resolvedUri } from '../image-source.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

export function getFunction({ store, vault, codeLink }: CatalogueParts): OperationHandler {
  /** FunctionCodeLocation (spec/lambda-api.md 3.2). */
  async function codeOf(owner: FunctionRecord, { version, codeDigest, image }: VersionRecord, context: OperationContext): Promise<Record<string, string>> {
    if (image !== null) return { RepositoryType: 'ECR', ImageUri: image.uri, ResolvedImageUri: resolvedUri(image) };
    return { RepositoryType: 'S3', Location: await codeLink({ accountId: owner.accountId, functionName: owner.name, version, codeDigest }, context) };
  }

  return async (input: { FunctionName: string; Qualifier?: string }, context) => {
    const reference = referenceOf(input, context, 'GetFunction');
    const { owner, record } = await findVersion(store, reference);
    return {
      Configuration: await functionConfiguration(owner, record, vault, { qualifier: reference.qualifier }),
      Code: await codeOf(owner, record, context),
      ...(owner.reservedConcurrency === null ? {} : { Concurrency: { ReservedConcurrentExecutions: owner.reservedConcurrency } }),
      ...(Object.keys(owner.tags).length === 0 ? {} : { Tags: owner.tags }),
    };
  };
}
