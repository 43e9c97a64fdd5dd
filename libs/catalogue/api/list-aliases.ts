import type { OperationHandler } from '@hearth/aws-wire';
import { decodePageMarker } from '@hearth/kernel';
import { aliasConfiguration } from '../alias-routing.js';
import { listAliases as readAliases } from '../alias-store.js';
import { findVersion } from '../find-function.js';
import { wholeFunction } from '../latest-only.js';
import { pageOf } from '../pagination.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

interface ListAliasesInput {
  FunctionName: string;
  FunctionVersion?: string;
  Marker?: string;
  MaxItems?: number;
}

const DEFAULT_PAGE = 50;

export function listAliases({ store }: CatalogueParts): OperationHandler {
  return async (input: ListAliasesInput, context) => {
    const reference = wholeFunction(referenceOf(input, context, 'ListAliases'));
    const { owner } = await findVersion(store, reference);
    const size = input.MaxItems ?? DEFAULT_PAGE;
    const found = await readAliases(store.database, owner.id, input.FunctionVersion, decodePageMarker(input.Marker, 1)?.[0] ?? '', size + 1);
    const { items, marker } = pageOf(found, size, ({ name }) => [name]);
    return { Aliases: items.map((alias) => aliasConfiguration(reference, alias)), ...marker };
  };
}
