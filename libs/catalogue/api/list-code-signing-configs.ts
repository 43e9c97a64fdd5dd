import type { OperationHandler } from '@hearth/aws-wire';
import { decodePageMarker, encodePageMarker } from '@hearth/kernel';
import { shownConfig } from '../code-signing/code-signing-config.js';
import type { CatalogueParts } from '../parts.js';

/** Lambda's default is not documented; the model's limit is 10,000. */
const DEFAULT_PAGE = 50;

export function listCodeSigningConfigs({ codeSigning }: CatalogueParts): OperationHandler {
  return async (input: { Marker?: string; MaxItems?: number }, context) => {
    const size = input.MaxItems ?? DEFAULT_PAGE;
    const found = await codeSigning.list(context, decodePageMarker(input.Marker, 1)?.[0] ?? '', size + 1);
    const page = found.slice(0, size);
    return { CodeSigningConfigs: page.map(shownConfig), ...(found.length > size ? { NextMarker: encodePageMarker([page.at(-1)!.id]) } : {}) };
  };
}
