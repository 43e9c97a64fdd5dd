import type { OperationHandler } from '@hearth/aws-wire';
import { functionNotFound, invalidParameter } from '../errors.js';
import { assertIsolation } from '../isolation-tag.js';
import type { CatalogueParts } from '../parts.js';
import { taggedFunction } from '../tagged-function.js';
import { assertTags } from '../tags.js';

export function tagResource({ store }: CatalogueParts): OperationHandler {
  return async (input: { Resource: string; Tags: Record<string, string> }, context) => {
    const reference = taggedFunction(input.Resource, context, 'TagResource');
    if (Object.keys(input.Tags).length === 0) throw invalidParameter('An error occurred and the request cannot be processed.');
    const done = await store.change(reference, async ({ owner }, change) => {
      const tags = { ...owner.tags, ...input.Tags };
      assertTags(tags);
      assertIsolation(tags);
      await change.setTags(tags);
      return true;
    });
    if (!done) throw functionNotFound(reference.arn);
    return {};
  };
}
