import type { OperationHandler } from '@hearth/aws-wire';
import { TaggedTable, type FunctionResolver, type TagOwner } from '@hearth/catalogue';
import type { Database } from '@hearth/database';
import type { Clock } from '@hearth/kernel';
import { createEventSourceMapping } from './api/create-event-source-mapping.js';
import { deleteEventSourceMapping } from './api/delete-event-source-mapping.js';
import { getEventSourceMapping } from './api/get-event-source-mapping.js';
import { listEventSourceMappings } from './api/list-event-source-mappings.js';
import { updateEventSourceMapping } from './api/update-event-source-mapping.js';
import type { SourceKind } from './mapping/source-kind.js';
import type { MappingParts } from './parts.js';
import { MappingStore } from './store.js';

export interface EventSourceMappingsOptions {
  database: Database;
  /** The catalogue's. */
  resolver: FunctionResolver;
  /** Kinds of sources that this deployment polls. */
  polled: ReadonlySet<SourceKind>;
  clock: Clock;
}

export interface EventSourceMappings {
  /** By operation name of the service model. */
  operations: Record<string, OperationHandler>;
  tags: TagOwner;
}

export function createEventSourceMappings({ database, resolver, polled, clock }: EventSourceMappingsOptions): EventSourceMappings {
  const parts: MappingParts = { store: new MappingStore(database), resolver, canPoll: (kind) => polled.has(kind), clock };
  return {
    tags: new TaggedTable(database, 'event_source_mappings', 'uuid'),
    operations: {
      CreateEventSourceMapping: createEventSourceMapping(parts),
      GetEventSourceMapping: getEventSourceMapping(parts),
      ListEventSourceMappings: listEventSourceMappings(parts),
      UpdateEventSourceMapping: updateEventSourceMapping(parts),
      DeleteEventSourceMapping: deleteEventSourceMapping(parts),
    },
  };
}
