import type { OperationHandler } from '@hearth/aws-wire';
import { configNotFound } from '../code-signing/errors.js';
import { configForFunction } from '../code-signing/find-config.js';
import { invalidParameter } from '../errors.js';
import { packageTypeOf } from '../function-record.js';
import { findLatest } from '../latest-only.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

/** Holds for deployments from now on: code that is in service stays. */
export function putFunctionCodeSigningConfig({ store, codeSigning }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; CodeSigningConfigArn: string }, context) => {
    const { owner, record } = await findLatest(store, referenceOf(input, context, 'PutFunctionCodeSigningConfig'));
    if (packageTypeOf(record) === 'Image') throw invalidParameter('Code signing is not supported for functions with PackageType Image.');
    const config = await configForFunction(codeSigning, input.CodeSigningConfigArn, context);
    if (!(await codeSigning.attach(owner.id, config.id))) throw configNotFound(input.CodeSigningConfigArn);
    return { CodeSigningConfigArn: input.CodeSigningConfigArn, FunctionName: owner.name };
  };
}
