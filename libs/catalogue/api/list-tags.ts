import type { OperationHandler } from '@hearth/aws-wire';
import { findVersion } from '../find-function.js';
import type { CatalogueParts } from '../parts.js';
import { taggedFunction } from '../tagged-function.js';

export function listTags({ store }: CatalogueParts): OperationHandler {
  return async (input: { Resource: string }, context) => ({ Tags: (await findVersion(store, taggedFunction(input.Resource, context, 'ListTags'))).owner.tags });
}
