import type { OperationHandler } from '@hearth/aws-wire';
import { functionUrlConfig } from '../answer.js';
import { noSuchUrl } from '../errors.js';
import { targetOf, type FunctionUrlParts } from '../parts.js';

export function getFunctionUrlConfig({ store, addressing }: FunctionUrlParts): OperationHandler {
  return async (input: { FunctionName: string; Qualifier?: string }, context) => {
    const url = await store.find(targetOf(input, context, 'GetFunctionUrlConfig').place);
    if (url === undefined) throw noSuchUrl();
    return functionUrlConfig(url, addressing);
  };
}
