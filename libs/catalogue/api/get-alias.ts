import type { OperationHandler } from '@hearth/aws-wire';
import { functionArn } from '@hearth/kernel';
import { aliasConfiguration } from '../alias-routing.js';
import { findAlias } from '../alias-store.js';
import { notFound } from '../errors.js';
import { findVersion } from '../find-function.js';
import { wholeFunction } from '../latest-only.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

export function getAlias({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Name: string }, context) => {
    const reference = wholeFunction(referenceOf(input, context, 'GetAlias'));
    const { owner } = await findVersion(store, reference);
    const alias = await findAlias(store.database.pool, owner.id, input.Name);
    if (alias === undefined) throw notFound(`Cannot find alias arn: ${functionArn(reference.region, reference.accountId, reference.name, input.Name)}`);
    return aliasConfiguration(reference, alias);
  };
}
