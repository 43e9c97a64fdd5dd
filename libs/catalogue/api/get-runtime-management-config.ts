import type { OperationHandler } from '@hearth/aws-wire';
import { functionArn } from '@hearth/kernel';
import { findVersion } from '../find-function.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

/** Always Auto: see PutRuntimeManagementConfig. */
export function getRuntimeManagementConfig({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Qualifier?: string }, context) => {
    const reference = referenceOf(input, context, 'GetRuntimeManagementConfig');
    await findVersion(store, reference);
    return { UpdateRuntimeOn: 'Auto', FunctionArn: functionArn(reference.region, reference.accountId, reference.name, reference.qualifier) };
  };
}
