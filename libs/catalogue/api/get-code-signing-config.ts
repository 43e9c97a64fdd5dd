import type { OperationHandler } from '@hearth/aws-wire';
import { shownConfig } from '../code-signing/code-signing-config.js';
import { configOf } from '../code-signing/find-config.js';
import type { CatalogueParts } from '../parts.js';

export function getCodeSigningConfig({ codeSigning }: CatalogueParts): OperationHandler {
  return async (input: { CodeSigningConfigArn: string }, context) => ({ CodeSigningConfig: shownConfig(await configOf(codeSigning, input.CodeSigningConfigArn, context)) });
}
