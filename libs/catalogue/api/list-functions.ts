import type { OperationHandler } from '@hearth/aws-wire';
import { functionConfiguration } from '../answer.js';
import { decodeMarker, encodeMarker, pageSize } from '../pagination.js';
import type { CatalogueParts } from '../parts.js';

interface ListFunctionsInput {
  MasterRegion?: string;
  FunctionVersion?: 'ALL';
  Marker?: string;
  MaxItems?: number;
}

export function listFunctions({ store, vault }: CatalogueParts): OperationHandler {
  return async (input: ListFunctionsInput, context) => {
    const all = input.FunctionVersion === 'ALL';
    // Edge replicas do not exist here: a filter on another master region finds nothing.
    if (input.MasterRegion !== undefined && input.MasterRegion !== 'ALL' && input.MasterRegion !== context.region) return { Functions: [] };
    const size = pageSize(input.MaxItems);
    const found = await store.listFunctions(context.accountId, context.region, all, decodeMarker(input.Marker), size + 1);
    const page = found.slice(0, size);
    const last = page.at(-1);
    return {
      Functions: await Promise.all(page.map(({ owner, record }) => functionConfiguration(owner, record, vault, { inList: true, qualifier: all ? record.version : undefined }))),
      ...(found.length > size && last ? { NextMarker: encodeMarker({ name: last.owner.name, versionNumber: last.record.versionNumber }) } : {}),
    };
  };
}
