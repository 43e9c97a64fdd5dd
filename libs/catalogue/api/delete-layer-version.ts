import type { OperationHandler } from '@hearth/aws-wire';
import { assertOwnLayer } from '../layer-access.js';
import { layerVersionOf, parseLayerName } from '../parse-layer-name.js';
import type { CatalogueParts } from '../parts.js';

/** An unknown version is no error; functions that use the version keep it (spec/lambda-api.md 4.4). */
export function deleteLayerVersion({ layers }: CatalogueParts): OperationHandler {
  return async (input: { LayerName: string; VersionNumber: number }, context) => {
    const reference = layerVersionOf(parseLayerName(input.LayerName, context), input.VersionNumber);
    assertOwnLayer(reference, context, 'DeleteLayerVersion');
    await layers.delete(reference, reference.version);
    return {};
  };
}
