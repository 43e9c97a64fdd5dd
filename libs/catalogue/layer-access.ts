import type { OperationContext } from '@hearth/aws-wire';
import { parsePolicy, type ParsedPolicy } from '@hearth/iam';
import { accessDenied, invalidParameter } from './errors.js';
import type { LayerStore } from './layer-store.js';
import { parseLayerVersionArn, type LayerReference, type LayerVersionReference } from './parse-layer-name.js';

/**
 * For operations on a layer of one's own.
 * @throws ServiceError AccessDeniedException (another account), InvalidParameterValueException (another region)
 */
export function assertOwnLayer(layer: LayerReference, context: OperationContext, operation: string): void {
  assertLayerRegion(layer, context.region);
  if (layer.accountId !== context.accountId) throw refused(`lambda:${operation}`, 'versionArn' in layer ? (layer as LayerVersionReference).versionArn : layer.arn, context);
}

/** @throws ServiceError InvalidParameterValueException */
export function assertLayerRegion(layer: LayerReference, region: string): void {
  if (layer.region !== region) throw invalidParameter(`Layers are not in the same region as the function. Layers are expected to be in region ${region}.`);
}

const LAYER_ARN = /^arn:[^:]*:lambda:[^:]*:[^:]*:layer:/;

export function isLayerArn(arn: string): boolean {
  return LAYER_ARN.test(arn);
}

/** The policy of a layer version, for the guard. */
export async function layerPolicy(layers: LayerStore, arn: string): Promise<ParsedPolicy | undefined> {
  const reference = parseLayerVersionArn(arn);
  const policy = reference && (await layers.find(reference, reference.version))?.policy;
  return policy ? parsePolicy(policy.document, { kind: 'resource', name: arn }) : undefined;
}

function refused(action: string, resource: string, { principalArn }: OperationContext): Error {
  return accessDenied(`User: ${principalArn} is not authorized to perform: ${action} on resource: ${resource} because no resource-based policy allows the ${action} action`);
}
