import type { OperationHandler } from '@hearth/aws-wire';
import { findLatest } from '../latest-only.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

export function getFunctionRecursionConfig({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string }, context) => {
    const { owner } = await findLatest(store, referenceOf(input, context, 'GetFunctionRecursionConfig'));
    return { RecursiveLoop: owner.recursiveLoop };
  };
}
