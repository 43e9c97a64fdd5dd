import type { OperationHandler } from '@hearth/aws-wire';
import { decodePageMarker } from '@hearth/kernel';
import { invalidParameter } from '../errors.js';
import { assertOwnLayer } from '../layer-access.js';
import { layerVersionItem } from '../layer-answer.js';
import { pageOf } from '../pagination.js';
import { parseLayerName } from '../parse-layer-name.js';
import type { CatalogueParts } from '../parts.js';

interface ListLayerVersionsInput {
  LayerName: string;
  CompatibleRuntime?: string;
  CompatibleArchitecture?: string;
  Marker?: string;
  MaxItems?: number;
}

const MAX_PAGE = 50;
/** Above every version. */
const NEWEST = 2_147_483_647;

/** The newest first; none for a layer that does not exist. */
export function listLayerVersions({ layers }: CatalogueParts): OperationHandler {
  return async (input: ListLayerVersionsInput, context) => {
    const layer = parseLayerName(input.LayerName, context);
    assertOwnLayer(layer, context, 'ListLayerVersions');
    const size = input.MaxItems ?? MAX_PAGE;
    const filter = { runtime: input.CompatibleRuntime, architecture: input.CompatibleArchitecture };
    const found = await layers.listVersions(layer, filter, versionOf(input.Marker), size + 1);
    const { items, marker } = pageOf(found, size, ({ version }) => [String(version)]);
    return { LayerVersions: items.map(layerVersionItem), ...marker };
  };
}

function versionOf(marker: string | undefined): number {
  const [text] = decodePageMarker(marker, 1) ?? [String(NEWEST)];
  if (!/^\d{1,10}$/.test(text!) || Number(text) > NEWEST) throw invalidParameter('Invalid pagination token: Marker.');
  return Number(text);
}
