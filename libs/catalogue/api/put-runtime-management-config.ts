import type { OperationHandler } from '@hearth/aws-wire';
import { functionArn } from '@hearth/kernel';
import { invalidParameter } from '../errors.js';
import { findVersion } from '../find-function.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

interface PutRuntimeManagementConfigInput {
  FunctionName: string;
  Qualifier?: string;
  UpdateRuntimeOn: 'Auto' | 'Manual' | 'FunctionUpdate';
  RuntimeVersionArn?: string;
}

/**
 * A new sandbox always runs the image that the deployment's runtime catalogue names at that moment: that is Auto, and there is nothing to store.
 * The other modes would pin an image, which Hearth does not do, so they are refused.
 */
export function putRuntimeManagementConfig({ store }: CatalogueParts): OperationHandler {
  return async (input: PutRuntimeManagementConfigInput, context) => {
    const reference = referenceOf(input, context, 'PutRuntimeManagementConfig');
    await findVersion(store, reference);
    if (input.UpdateRuntimeOn === 'Manual' && input.RuntimeVersionArn === undefined) throw invalidParameter('RuntimeVersionArn is required when UpdateRuntimeOn is Manual.');
    if (input.UpdateRuntimeOn !== 'Manual' && input.RuntimeVersionArn !== undefined) throw invalidParameter(`RuntimeVersionArn must not be given when UpdateRuntimeOn is ${input.UpdateRuntimeOn}.`);
    if (input.UpdateRuntimeOn !== 'Auto') throw invalidParameter(`UpdateRuntimeOn ${input.UpdateRuntimeOn} is not supported by this deployment. Use Auto.`);
    return { UpdateRuntimeOn: 'Auto', FunctionArn: functionArn(reference.region, reference.accountId, reference.name, reference.qualifier) };
  };
}
