import type { OperationHandler } from '@hearth/aws-wire';
import { configArn } from '../code-signing/code-signing-config.js';
import { findLatest } from '../latest-only.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

/** A function without a configuration answers an empty object (spec/lambda-api.md 4.10, recorded). */
export function getFunctionCodeSigningConfig({ store, codeSigning }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string }, context) => {
    const { owner } = await findLatest(store, referenceOf(input, context, 'GetFunctionCodeSigningConfig'));
    const config = await codeSigning.ofFunction(owner.id);
    return config === undefined ? {} : { CodeSigningConfigArn: configArn(config), FunctionName: owner.name };
  };
}
