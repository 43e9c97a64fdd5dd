import type { OperationHandler } from '@hearth/aws-wire';
import { noSuchConfig } from '../code-signing/errors.js';
import { ownConfigId } from '../code-signing/find-config.js';
import { conflict } from '../errors.js';
import type { CatalogueParts } from '../parts.js';

export function deleteCodeSigningConfig({ codeSigning }: CatalogueParts): OperationHandler {
  return async (input: { CodeSigningConfigArn: string }, context) => {
    const id = ownConfigId(input.CodeSigningConfigArn, context);
    const outcome = id === undefined ? 'unknown' : await codeSigning.delete(context, id);
    if (outcome === 'unknown') throw noSuchConfig();
    if (outcome === 'in use') throw conflict('There are one or more functions that use this code signing configuration. Remove it from them first.');
    return {};
  };
}
