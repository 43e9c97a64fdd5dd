export { createEventSourceMappings, type EventSourceMappings, type EventSourceMappingsOptions } from './event-source-mappings.js';
export type { SourceKind } from './mapping/source-kind.js';
