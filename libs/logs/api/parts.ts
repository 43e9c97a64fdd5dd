import type { Clock } from '@hearth/kernel';
import type { BlockStore } from '../block-store.js';
import type { EventReader } from '../event-reader.js';
import type { GroupStore } from '../group-store.js';

/** What the operations work with. */
export interface LogsParts {
  groups: GroupStore;
  blocks: BlockStore;
  reader: EventReader;
  clock: Clock;
}
