import { randomUUID } from 'node:crypto';
import type { OperationHandler } from '@hearth/aws-wire';
import { functionArn } from '@hearth/kernel';
import { additionalOf, aliasConfiguration, assertRouting, type RoutingConfig } from '../alias-routing.js';
import { findAlias, updateAliasRow, type AliasRecord } from '../alias-store.js';
import { functionNotFound, notFound, staleRevision } from '../errors.js';
import { wholeFunction } from '../latest-only.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { assertAliasProvisionable } from '../provisioned/provisioned-rules.js';
import { findProvisioned, moveProvisioned } from '../provisioned/provisioned-store.js';

interface UpdateAliasInput {
  FunctionName: string;
  Name: string;
  FunctionVersion?: string;
  Description?: string;
  RoutingConfig?: RoutingConfig;
  RevisionId?: string;
}

/** Absent members keep their value. */
export function updateAlias({ store }: CatalogueParts): OperationHandler {
  return async (input: UpdateAliasInput, context) => {
    const reference = wholeFunction(referenceOf(input, context, 'UpdateAlias'));
    const additional = additionalOf(input.RoutingConfig);
    const alias = await store.change<AliasRecord>(reference, async ({ owner }, change) => {
      const current = await findAlias(change.client, owner.id, input.Name);
      if (current === undefined) throw notFound(`Alias not found: ${functionArn(reference.region, reference.accountId, reference.name, input.Name)}`);
      if (input.RevisionId !== undefined && input.RevisionId !== current.revisionId) throw staleRevision();
      const fresh: AliasRecord = {
        ...current,
        functionVersion: input.FunctionVersion ?? current.functionVersion,
        description: input.Description ?? current.description,
        additional: input.RoutingConfig === undefined ? current.additional : additional,
        revisionId: randomUUID(),
      };
      await assertRouting(fresh, reference, change);
      if (!samePlace(current, fresh) && (await findProvisioned(change.client, owner.id, input.Name)) !== undefined) {
        await assertAliasProvisionable(fresh, change);
        await moveProvisioned(change.client, current, fresh);
      }
      await updateAliasRow(change.client, fresh);
      return fresh;
    });
    if (alias === undefined) throw functionNotFound(reference.arn);
    return aliasConfiguration(reference, alias);
  };
}

function samePlace(a: AliasRecord, b: AliasRecord): boolean {
  return a.functionVersion === b.functionVersion && a.additional?.version === b.additional?.version && a.additional?.weight === b.additional?.weight;
}
