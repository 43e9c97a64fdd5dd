import type { OperationHandler } from '@hearth/aws-wire';
import { findVersion } from '../find-function.js';
import { referenceOf, type CatalogueParts } from '../parts.js';
import { noProvisionedConfig, provisionedAnswer, provisionedQualifier } from '../provisioned/provisioned-rules.js';
import { findProvisioned } from '../provisioned/provisioned-store.js';

export function getProvisionedConcurrencyConfig({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Qualifier: string }, context) => {
    const reference = referenceOf(input, context, 'GetProvisionedConcurrencyConfig');
    const qualifier = provisionedQualifier(reference);
    const { owner } = await findVersion(store, reference);
    const record = await findProvisioned(store.database.pool, owner.id, qualifier);
    if (record === undefined) throw noProvisionedConfig();
    return provisionedAnswer(record);
  };
}
