import type { OperationHandler } from '@hearth/aws-wire';
import { decodePageMarker } from '@hearth/kernel';
import { eventInvokeConfig, noSuchFunction } from '../event-invoke-config.js';
import { listEventInvokeConfigs } from '../event-invoke-store.js';
import { LATEST } from '../function-record.js';
import { pageOf } from '../pagination.js';
import { wholeFunction } from '../latest-only.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

const MAX_PAGE = 50;

export function listFunctionEventInvokeConfigs({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Marker?: string; MaxItems?: number }, context) => {
    const reference = wholeFunction(referenceOf(input, context, 'ListFunctionEventInvokeConfigs'));
    const found = await store.find(reference, LATEST);
    if (found === undefined) throw noSuchFunction();
    const size = input.MaxItems ?? MAX_PAGE;
    const configs = await listEventInvokeConfigs(store.database, found.owner.id, decodePageMarker(input.Marker, 1)?.[0] ?? '', size + 1);
    const { items, marker } = pageOf(configs, size, ({ qualifier }) => [qualifier]);
    return { FunctionEventInvokeConfigs: items.map((config) => eventInvokeConfig(reference, config)), ...marker };
  };
}
