export { createEventSourceMappings, type EventSourceMappings, type EventSourceMappingsOptions } from './event-source-mappings.js';
export { permissions, type Permission } from './permissions.js';
export type { SourceKind } from './mapping/source-kind.js';
