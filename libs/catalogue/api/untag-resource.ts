import type { OperationHandler } from '@hearth/aws-wire';
import { functionNotFound } from '../errors.js';
import type { CatalogueParts } from '../parts.js';
import { taggedFunction } from '../tagged-function.js';

export function untagResource({ store }: CatalogueParts): OperationHandler {
  return async (input: { Resource: string; TagKeys: string[] }, context) => {
    const reference = taggedFunction(input.Resource, context, 'UntagResource');
    const done = await store.change(reference, async ({ owner }, change) => {
      await change.setTags(Object.fromEntries(Object.entries(owner.tags).filter(([key]) => !input.TagKeys.includes(key))));
      return true;
    });
    if (!done) throw functionNotFound(reference.arn);
    return {};
  };
}
