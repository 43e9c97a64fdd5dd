import type { OperationHandler } from '@hearth/aws-wire';
import { notFound } from '@hearth/catalogue';
import { decodePageMarker, encodePageMarker } from '@hearth/kernel';
import { functionUrlConfig } from '../answer.js';
import { functionIdOf, targetOf, type FunctionUrlParts } from '../parts.js';

interface ListFunctionUrlConfigsInput {
  FunctionName: string;
  Marker?: string;
  MaxItems?: number;
}

/** spec/lambda-api.md 1.2 */
const MAX_PAGE = 50;

export function listFunctionUrlConfigs(parts: FunctionUrlParts): OperationHandler {
  const { store, addressing } = parts;
  return async (input: ListFunctionUrlConfigsInput, context) => {
    const { place } = targetOf(input, context, 'ListFunctionUrlConfigs');
    const functionId = await functionIdOf(parts, { ...place, qualifier: undefined });
    if (functionId === undefined) throw notFound('Function does not exist');
    const size = input.MaxItems ?? MAX_PAGE;
    const found = await store.list(functionId, decodePageMarker(input.Marker, 1)?.[0], size + 1);
    const page = found.slice(0, size);
    const last = page.at(-1);
    return {
      FunctionUrlConfigs: page.map((url) => functionUrlConfig(url, addressing)),
      ...(found.length > size && last ? { NextMarker: encodePageMarker([last.qualifier ?? '']) } : {}),
    };
  };
}
