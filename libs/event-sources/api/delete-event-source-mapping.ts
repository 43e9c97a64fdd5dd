import type { OperationHandler } from '@hearth/aws-wire';
import { noSuchMapping } from '../errors.js';
import { shownMapping } from '../mapping/event-source-mapping.js';
import type { MappingParts } from '../parts.js';

export function deleteEventSourceMapping({ store, canPoll }: MappingParts): OperationHandler {
  return async (input: { UUID: string }, context) => {
    const mapping = await store.delete(context, input.UUID);
    if (mapping === undefined) throw noSuchMapping();
    return shownMapping(mapping, canPoll, 'Deleting');
  };
}
