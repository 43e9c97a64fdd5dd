import type { OperationHandler } from '@hearth/aws-wire';
import { notFound } from '../errors.js';
import { assertOwnLayer } from '../layer-access.js';
import { layerVersionOf, parseLayerName } from '../parse-layer-name.js';
import type { CatalogueParts } from '../parts.js';

export function getLayerVersionPolicy({ layers }: CatalogueParts): OperationHandler {
  return async (input: { LayerName: string; VersionNumber: number }, context) => {
    const reference = layerVersionOf(parseLayerName(input.LayerName, context), input.VersionNumber);
    assertOwnLayer(reference, context, 'GetLayerVersionPolicy');
    const record = await layers.find(reference, reference.version);
    if (record === undefined) throw notFound(`Layer version ${reference.versionArn} does not exist.`);
    if (record.policy === null) throw notFound('No policy is associated with the given resource.');
    return { Policy: record.policy.document, RevisionId: record.policy.revisionId };
  };
}
