import { functionNotFound } from './errors.js';
import { LATEST } from './function-record.js';
import type { FunctionReference } from './parse-function-name.js';
import type { CatalogueStore, FoundVersion } from './store.js';

/**
 * The version a read is about; without qualifier `$LATEST`.
 * @throws ServiceError ResourceNotFoundException
 */
export async function findVersion(store: CatalogueStore, reference: FunctionReference): Promise<FoundVersion> {
  const found = await store.find(reference, reference.qualifier ?? LATEST);
  if (found === undefined) throw functionNotFound(reference.arn);
  return found;
}
