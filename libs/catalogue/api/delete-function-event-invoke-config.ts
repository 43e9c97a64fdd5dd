import type { OperationHandler } from '@hearth/aws-wire';
import { noSuchConfig, noSuchFunction } from '../event-invoke-config.js';
import { deleteEventInvokeConfig } from '../event-invoke-store.js';
import { LATEST } from '../function-record.js';
import { referenceOf, type CatalogueParts } from '../parts.js';

export function deleteFunctionEventInvokeConfig({ store }: CatalogueParts): OperationHandler {
  return async (input: { FunctionName: string; Qualifier?: string }, context) => {
    const reference = referenceOf(input, context, 'DeleteFunctionEventInvokeConfig');
    const qualifier = reference.qualifier ?? LATEST;
    const done = await store.change(reference, async ({ owner }, change) => {
      if (!(await change.hasQualifier(qualifier))) throw noSuchFunction();
      if (!(await deleteEventInvokeConfig(change.client, owner.id, qualifier))) throw noSuchConfig(reference);
      return true;
    });
    if (!done) throw noSuchFunction();
    return {};
  };
}
