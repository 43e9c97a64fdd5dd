import type { OperationHandler } from '@hearth/aws-wire';
import { eventInvokeConfig, noSuchConfig, noSuchFunction } from '../event-invoke-config.js';
import { findEventInvokeConfig } from '../event-invoke-store.js';
import { LATEST } from '../function-record.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

export function getFunctionEventInvokeConfig({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Qualifier?: string }, context) => {
    const reference = referenceOf(input, context, 'GetFunctionEventInvokeConfig');
    const qualifier = reference.qualifier ?? LATEST;
    const found = await store.find(reference, qualifier);
    if (found === undefined) throw noSuchFunction();
    const config = await findEventInvokeConfig(store.database.pool, found.owner.id, qualifier);
    if (config === undefined) throw noSuchConfig(reference);
    return eventInvokeConfig(reference, config);
  };
}
