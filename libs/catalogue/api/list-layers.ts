import type { OperationHandler } from '@hearth/aws-wire';
import { decodePageMarker } from '@hearth/kernel';
import { layerVersionItem } from '../layer-answer.js';
import { pageOf } from '../pagination.js';
import { layerArn } from '../parse-layer-name.js';
import type { CatalogueParts } from '../parts.js';

interface ListLayersInput {
  CompatibleRuntime?: string;
  CompatibleArchitecture?: string;
  Marker?: string;
  MaxItems?: number;
}

const MAX_PAGE = 50;

/** Each layer with its latest version that matches. */
export function listLayers({ layers }: CatalogueParts): OperationHandler {
  return async (input: ListLayersInput, { accountId, region }) => {
    const size = input.MaxItems ?? MAX_PAGE;
    const filter = { runtime: input.CompatibleRuntime, architecture: input.CompatibleArchitecture };
    const found = await layers.listLayers(accountId, region, filter, decodePageMarker(input.Marker, 1)?.[0] ?? '', size + 1);
    const { items, marker } = pageOf(found, size, ({ name }) => [name]);
    return {
      Layers: items.map((record) => ({ LayerName: record.name, LayerArn: layerArn(region, accountId, record.name), LatestMatchingVersion: layerVersionItem(record) })),
      ...marker,
    };
  };
}
