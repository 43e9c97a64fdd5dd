import type { OperationHandler } from '@hearth/aws-wire';
import { findVersion } from '../find-function.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { assertFunctionOnly } from '../reservations.js';

export function getFunctionConcurrency({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string }, context) => {
    const reference = referenceOf(input, context, 'GetFunctionConcurrency');
    assertFunctionOnly(reference);
    const { reservedConcurrency } = (await findVersion(store, reference)).owner;
    return reservedConcurrency === null ? {} : { ReservedConcurrentExecutions: reservedConcurrency };
  };
}
