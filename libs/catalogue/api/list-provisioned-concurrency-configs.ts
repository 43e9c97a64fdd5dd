import type { OperationHandler } from '@hearth/aws-wire';
import { decodePageMarker } from '@hearth/kernel';
import { findVersion } from '../find-function.js';
import { wholeFunction } from '../latest-only.js';
import { pageOf } from '../pagination.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { provisionedListItem } from '../provisioned/provisioned-rules.js';
import { listProvisioned } from '../provisioned/provisioned-store.js';

const MAX_PAGE = 50;

export function listProvisionedConcurrencyConfigs({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Marker?: string; MaxItems?: number }, context) => {
    const reference = wholeFunction(referenceOf(input, context, 'ListProvisionedConcurrencyConfigs'));
    const { owner } = await findVersion(store, reference);
    const size = input.MaxItems ?? MAX_PAGE;
    const found = await listProvisioned(store.database.pool, owner.id, decodePageMarker(input.Marker, 1)?.[0] ?? '', size + 1);
    const { items, marker } = pageOf(found, size, ({ qualifier }) => [qualifier]);
    return { ProvisionedConcurrencyConfigs: items.map((record) => provisionedListItem(reference, record)), ...marker };
  };
}
