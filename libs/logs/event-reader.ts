/**
 * Events in order out of blocks that overlap.
 *
 * Invariants:
 * 1. An event is handed out once every block that may hold an earlier one was read. Blocks come in the order of their first line
 *    (newest first: of their last), so that is what the last block read so far decides.
 * 2. What is kept is bounded by the page: an event that has a full page before it is let go.
 */
import { comparePositions, endOfBlock, type EventPosition } from './event-position.js';
import type { BlockCursor, BlockRange, BlockStore, StoredBlock } from './block-store.js';
import { MAX_PAGE_BYTES } from './limits.js';
import { eventBytes, unpackLines } from './log-block.js';

export interface StoredEvent {
  position: EventPosition;
  streamName: string;
  timestamp: number;
  /** Epoch ms. */
  ingestion: number;
  message: string;
}

/** One read: some streams or a whole group, in either direction, from a position (itself excluded). */
export interface EventQuery extends BlockRange {
  after?: EventPosition;
  before?: EventPosition;
  newestFirst?: boolean;
  /** Events of the page at most; it also ends at 1 MB. */
  limit: number;
  /** What is not accepted is left out. */
  accepts?(message: string): boolean;
}

export interface EventPage {
  /** In the asked direction. */
  events: StoredEvent[];
  /** Where the next page begins; absent at the end. A page may be empty and yet not the last one. */
  next?: EventPosition;
}

const MIN_BLOCKS = 16;
const MAX_BLOCKS = 512;
/** Stored bytes: more blocks at a time while they are small. */
const SMALL_READ_BYTES = 1_048_576;
/** A page whose filter finds little ends here: the caller goes on, and others get their turn. */
const MAX_SCANNED_BYTES = 16 * 1_048_576;
/** Or here, if what is searched for is costly. */
const MAX_SCAN_MS = 500;

export class EventReader {
  constructor(private readonly blocks: BlockStore) {}

  async page(query: EventQuery): Promise<EventPage> {
    const { newestFirst = false, after, before } = query;
    const compare = newestFirst ? (a: EventPosition, b: EventPosition) => comparePositions(b, a) : comparePositions;
    const range = { ...query, from: Math.max(query.from, after?.timestamp ?? 0), until: Math.min(query.until, before === undefined ? Infinity : before.timestamp + 1) };
    const page = new PageInOrder(query.limit, compare);
    let cursor: BlockCursor | undefined;
    let count = MIN_BLOCKS;
    const begin = performance.now();
    for (let scanned = 0; ; ) {
      const read = newestFirst ? await this.blocks.newestFirst(range, cursor, count) : await this.blocks.oldestFirst(range, cursor, count);
      const searched = search(read, range, query, begin + MAX_SCAN_MS);
      page.add(searched.events);
      const last = read[searched.blocks - 1];
      if (last === undefined || (read.length < count && searched.blocks === read.length)) return page.taken();
      cursor = { time: newestFirst ? last.lastAt : last.firstAt, id: last.id };
      // Newest first: events of blocks not read yet are before any event of this block at that time.
      const horizon = newestFirst ? { timestamp: cursor.time, block: cursor.id, index: 0 } : endOfBlock(cursor.time, cursor.id);
      const bytes = read.reduce((sum, block) => sum + block.lines.length, 0);
      scanned += bytes;
      if (page.isFullBefore(horizon)) return page.taken();
      if (scanned > MAX_SCANNED_BYTES || searched.blocks < read.length) return page.taken(horizon);
      count = bytes < SMALL_READ_BYTES ? Math.min(count * 2, MAX_BLOCKS) : MIN_BLOCKS;
    }
  }
}

/** Goes through blocks until the time is over, but through one at least. @param end of the monotonic clock, ms */
function search(read: readonly StoredBlock[], range: BlockRange, query: EventQuery, end: number): { events: StoredEvent[]; blocks: number } {
  const events: StoredEvent[] = [];
  let blocks = 0;
  for (const block of read) {
    events.push(...eventsOf(block, range, query));
    blocks += 1;
    if (performance.now() > end) break;
  }
  return { events, blocks };
}

function eventsOf(block: StoredBlock, { from, until }: BlockRange, { after, before, accepts }: EventQuery): StoredEvent[] {
  const { id, streamName, ingestion } = block;
  const events: StoredEvent[] = [];
  unpackLines(block.lines).forEach(({ timestamp, message }, index) => {
    if (timestamp < from || timestamp >= until) return;
    const position = { timestamp, block: id, index };
    if (after !== undefined && comparePositions(position, after) <= 0) return;
    if (before !== undefined && comparePositions(position, before) >= 0) return;
    if (accepts === undefined || accepts(message)) events.push({ position, streamName, timestamp, ingestion, message });
  });
  return events;
}

/** The first events in order of all that were added, as many as a page holds. */
class PageInOrder {
  private events: StoredEvent[] = [];
  /** Never false again: what was let go comes after it. */
  private full = false;

  constructor(
    private readonly limit: number,
    private readonly compare: (a: EventPosition, b: EventPosition) => number,
  ) {}

  add(events: StoredEvent[]): void {
    this.events = [...this.events, ...events].sort((a, b) => this.compare(a.position, b.position));
    let bytes = 0;
    const end = this.events.findIndex(({ message }, place) => place >= this.limit || ((bytes += eventBytes(message)) > MAX_PAGE_BYTES && place > 0));
    if (end >= 0) this.events.length = end;
    this.full ||= end >= 0 || this.events.length === this.limit;
  }

  isFullBefore(horizon: EventPosition): boolean {
    return this.full && this.compare(this.events.at(-1)!.position, horizon) <= 0;
  }

  /** @param horizon only what is certain up to here; the next page begins there. Absent: all blocks were read, or the page is full. */
  taken(horizon?: EventPosition): EventPage {
    if (horizon !== undefined) return { events: this.events.filter(({ position }) => this.compare(position, horizon) <= 0), next: horizon };
    return { events: this.events, next: this.full ? this.events.at(-1)!.position : undefined };
  }
}
