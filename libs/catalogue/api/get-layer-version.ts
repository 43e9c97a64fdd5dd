import type { OperationContext, OperationHandler } from '@hearth/aws-wire';
import { assertLayerRegion } from '../layer-access.js';
import { layerVersion } from '../layer-answer.js';
import { layerVersionOf, noSuchLayerVersion, parseLayerName, type LayerVersionReference } from '../parse-layer-name.js';
import type { CatalogueParts } from '../parts.js';

export function getLayerVersion(parts: CatalogueParts): OperationHandler {
  return async (input: { LayerName: string; VersionNumber: number }, context) => readLayerVersion(parts, layerVersionOf(parseLayerName(input.LayerName, context), input.VersionNumber), context);
}

export async function readLayerVersion(parts: CatalogueParts, reference: LayerVersionReference, context: OperationContext): Promise<Record<string, unknown>> {
  assertLayerRegion(reference, context.region);
  const record = await parts.layers.find(reference, reference.version);
  if (record === undefined) throw noSuchLayerVersion();
  return layerVersion(record, parts, context);
}
