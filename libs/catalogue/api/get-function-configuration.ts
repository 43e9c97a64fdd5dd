import type { OperationHandler } from '@hearth/aws-wire';
import { functionConfiguration } from '../answer.js';
import { findVersion } from '../find-function.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

export function getFunctionConfiguration({ store, vault }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Qualifier?: string }, context) => {
    const reference = referenceOf(input, context, 'GetFunctionConfiguration');
    const { owner, record } = await findVersion(store, reference);
    return functionConfiguration(owner, record, vault, { qualifier: reference.qualifier });
  };
}
