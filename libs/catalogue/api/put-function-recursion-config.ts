import type { OperationHandler } from '@hearth/aws-wire';
import { functionNotFound } from '../errors.js';
import type { RecursiveLoop } from '../function-record.js';
import { unqualifiedArn } from '../latest-only.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

export function putFunctionRecursionConfig({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; RecursiveLoop: RecursiveLoop }, context) => {
    const reference = referenceOf(input, context, 'PutFunctionRecursionConfig');
    const done = await store.change(reference, async (_found, change) => {
      await change.setRecursiveLoop(input.RecursiveLoop);
      return true;
    });
    if (done === undefined) throw functionNotFound(unqualifiedArn(reference));
    return { RecursiveLoop: input.RecursiveLoop };
  };
}
