import type { OperationHandler } from '@hearth/aws-wire';
import { noSuchConfig, writeConfig, type EventInvokeInput } from '../event-invoke-config.js';
import { findEventInvokeConfig } from '../event-invoke-store.js';
import type { CatalogueParts } from '../parts.js';

/** Merges: absent members keep their value. */
export function updateFunctionEventInvokeConfig(parts: CatalogueParts): OperationHandler {
  return (input: EventInvokeInput, context) =>
    writeConfig(parts, input, context, 'UpdateFunctionEventInvokeConfig', async ({ owner }, qualifier, change, reference) => {
      const former = await findEventInvokeConfig(change.client, owner.id, qualifier);
      if (former === undefined) throw noSuchConfig(reference);
      return former;
    });
}
