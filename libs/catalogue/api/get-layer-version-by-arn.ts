import type { OperationHandler } from '@hearth/aws-wire';
import { noSuchLayerVersion, parseLayerVersionArn } from '../parse-layer-name.js';
import type { CatalogueParts } from '../parts.js';
import { readLayerVersion } from './get-layer-version.js';

export function getLayerVersionByArn(parts: CatalogueParts): OperationHandler {
  return async (input: { Arn: string }, context) => {
    const reference = parseLayerVersionArn(input.Arn);
    if (reference === undefined) throw noSuchLayerVersion(); // `awslayer` and the like.
    return readLayerVersion(parts, reference, context);
  };
}
