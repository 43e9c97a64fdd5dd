import { randomUUID } from 'node:crypto';
import type { OperationHandler } from '@hearth/aws-wire';
import { functionArn } from '@hearth/kernel';
import { additionalOf, aliasConfiguration, assertRouting, type RoutingConfig } from '../alias-routing.js';
import { insertAlias, type AliasRecord } from '../alias-store.js';
import { conflict, functionNotFound } from '../errors.js';
import { wholeFunction } from '../latest-only.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

interface CreateAliasInput {
  FunctionName: string;
  Name: string;
  FunctionVersion: string;
  Description?: string;
  RoutingConfig?: RoutingConfig;
}

export function createAlias({ store }: CatalogueParts): OperationHandler {
  return async (input: CreateAliasInput, context) => {
    const reference = wholeFunction(referenceOf(input, context, 'CreateAlias'));
    const additional = additionalOf(input.RoutingConfig);
    const alias = await store.change<AliasRecord>(reference, async ({ owner }, change) => {
      const fresh: AliasRecord = { functionId: owner.id, name: input.Name, functionVersion: input.FunctionVersion, description: input.Description ?? '', additional, revisionId: randomUUID() };
      await assertRouting(fresh, reference, change);
      if (!(await insertAlias(change.client, fresh))) throw conflict(`Alias already exists: ${functionArn(reference.region, reference.accountId, reference.name, input.Name)}`);
      return fresh;
    });
    if (alias === undefined) throw functionNotFound(reference.arn);
    return aliasConfiguration(reference, alias);
  };
}
