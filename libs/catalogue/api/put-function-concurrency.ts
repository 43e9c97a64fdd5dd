import type { OperationHandler } from '@hearth/aws-wire';
import { functionNotFound } from '../errors.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { assertFunctionOnly, reserve } from '../reservations.js';

export function putFunctionConcurrency({ store, accountConcurrency }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; ReservedConcurrentExecutions: number }, context) => {
    const reference = referenceOf(input, context, 'PutFunctionConcurrency');
    assertFunctionOnly(reference);
    const done = await store.change(reference, async ({ owner }, change) => {
      await reserve(owner, input.ReservedConcurrentExecutions, accountConcurrency, change);
      return true;
    });
    if (!done) throw functionNotFound(reference.arn);
    return { ReservedConcurrentExecutions: input.ReservedConcurrentExecutions };
  };
}
