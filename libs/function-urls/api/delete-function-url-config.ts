import type { OperationHandler } from '@hearth/aws-wire';
import { noSuchUrl } from '../errors.js';
import { targetOf, type FunctionUrlParts } from '../parts.js';

export function deleteFunctionUrlConfig({ store }: FunctionUrlParts): OperationHandler {
  return async (input: { FunctionName: string; Qualifier?: string }, context) => {
    if (!(await store.delete(targetOf(input, context, 'DeleteFunctionUrlConfig').place))) throw noSuchUrl();
    return {};
  };
}
