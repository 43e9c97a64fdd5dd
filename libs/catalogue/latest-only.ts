import { functionArn } from '@hearth/kernel';
import { functionNotFound, invalidParameter } from './errors.js';
import { LATEST } from './function-record.js';
import type { FunctionReference } from './parse-function-name.js';
import type { CatalogueStore, FoundVersion } from './store.js';

/**
 * For writes, which change `$LATEST` only.
 * @throws ServiceError InvalidParameterValueException for another qualifier, ResourceNotFoundException
 */
export async function findLatest(store: CatalogueStore, reference: FunctionReference): Promise<FoundVersion> {
  if (reference.qualifier !== undefined && reference.qualifier !== LATEST) throw invalidParameter('FunctionName: published versions and aliases cannot be updated.');
  const found = await store.find(reference, LATEST);
  if (found === undefined) throw functionNotFound(unqualifiedArn(reference));
  return found;
}

export function unqualifiedArn(reference: FunctionReference): string {
  return functionArn(reference.region, reference.accountId, reference.name);
}

/**
 * The function behind an operation about it as a whole.
 * @throws ServiceError InvalidParameterValueException when the caller named a version or an alias
 */
export function wholeFunction(reference: FunctionReference): FunctionReference {
  if (reference.qualifier !== undefined && reference.qualifier !== LATEST) throw invalidParameter(`FunctionName: this operation is about the function, not about ${reference.qualifier}.`);
  const { qualifier: _qualifier, ...whole } = reference;
  return { ...whole, arn: unqualifiedArn(reference) };
}
