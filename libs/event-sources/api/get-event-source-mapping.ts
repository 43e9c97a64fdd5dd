import type { OperationHandler } from '@hearth/aws-wire';
import { noSuchMapping } from '../errors.js';
import { shownMapping } from '../mapping/event-source-mapping.js';
import type { MappingParts } from '../parts.js';

export function getEventSourceMapping({ store, canPoll }: MappingParts): OperationHandler {
  return async (input: { UUID: string }, context) => {
    const mapping = await store.find(context, input.UUID);
    if (mapping === undefined) throw noSuchMapping();
    return shownMapping(mapping, canPoll);
  };
}
