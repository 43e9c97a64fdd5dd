import type { OperationHandler } from '@hearth/aws-wire';
import { decodePageMarker, encodePageMarker, functionArn } from '@hearth/kernel';
import { configOf } from '../code-signing/find-config.js';
import type { CatalogueParts } from '../parts.js';

const DEFAULT_PAGE = 50;

export function listFunctionsByCodeSigningConfig({ codeSigning }: CatalogueParts): OperationHandler {
  return async (input: { CodeSigningConfigArn: string; Marker?: string; MaxItems?: number }, context) => {
    const config = await configOf(codeSigning, input.CodeSigningConfigArn, context);
    const size = input.MaxItems ?? DEFAULT_PAGE;
    const found = await codeSigning.functionsOf(config.id, decodePageMarker(input.Marker, 1)?.[0] ?? '', size + 1);
    const page = found.slice(0, size);
    return { FunctionArns: page.map((name) => functionArn(config.region, config.accountId, name)), ...(found.length > size ? { NextMarker: encodePageMarker([page.at(-1)!]) } : {}) };
  };
}
