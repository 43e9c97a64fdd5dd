import type { OperationHandler } from '@hearth/aws-wire';
import { functionConfiguration } from '../answer.js';
import { functionNotFound } from '../errors.js';
import { LATEST } from '../function-record.js';
import { decodeMarker, encodeMarker, pageSize } from '../pagination.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

interface ListVersionsByFunctionInput {
  FunctionName: string;
  Marker?: string;
  MaxItems?: number;
}

/** `$LATEST` first, then the published versions by number. */
export function listVersionsByFunction({ store, vault }: CatalogueParts): OperationHandler {
  return async (input: ListVersionsByFunctionInput, context) => {
    const reference = referenceOf(input, context, 'ListVersionsByFunction');
    const latest = await store.find(reference, LATEST);
    if (latest === undefined) throw functionNotFound(reference.arn);
    const size = pageSize(input.MaxItems);
    const found = await store.listVersions(latest.owner.id, decodeMarker(input.Marker)?.versionNumber ?? -1, size + 1);
    const page = found.slice(0, size);
    const last = page.at(-1);
    return {
      Versions: await Promise.all(page.map(({ owner, record }) => functionConfiguration(owner, record, vault, { inList: true, qualifier: record.version }))),
      ...(found.length > size && last ? { NextMarker: encodeMarker({ name: last.owner.name, versionNumber: last.record.versionNumber }) } : {}),
    };
  };
}
