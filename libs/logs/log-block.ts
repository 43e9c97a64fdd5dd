import { EVENT_OVERHEAD_BYTES } from './limits.js';

export interface LogEvent {
  /** Epoch ms. */
  timestamp: number;
  message: string;
}

/** Lines of one stream as they are stored, in the order they came. */
export interface NewBlock {
  streamId: string;
  /** Epoch ms of the earliest and the latest line. */
  firstAt: number;
  lastAt: number;
  /** As AWS counts. */
  bytes: number;
  lines: Buffer;
}

/** What lies between the first and the last line of a block: readers look that far back for blocks that reach into their range. */
export const MAX_BLOCK_SPAN_MS = 60_000;
const MAX_BLOCK_EVENTS = 1_000;
/** A larger line has a block of its own. */
const MAX_BLOCK_BYTES = 262_144;

export function eventBytes(message: string): number {
  return Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
}

/** Lines in blocks within the limits above. */
export function cutBlocks(streamId: string, events: readonly LogEvent[]): NewBlock[] {
  const blocks: NewBlock[] = [];
  let begin = 0;
  let block = { firstAt: Infinity, lastAt: -Infinity, bytes: 0 };
  const close = (end: number) => {
    blocks.push({ streamId, ...block, lines: packLines(events.slice(begin, end)) });
    begin = end;
  };
  events.forEach(({ timestamp, message }, place) => {
    const bytes = eventBytes(message);
    const wider = { firstAt: Math.min(block.firstAt, timestamp), lastAt: Math.max(block.lastAt, timestamp), bytes: block.bytes + bytes };
    const fits = wider.lastAt - wider.firstAt <= MAX_BLOCK_SPAN_MS && wider.bytes <= MAX_BLOCK_BYTES && place - begin < MAX_BLOCK_EVENTS;
    if (fits || place === begin) {
      block = wider;
      return;
    }
    close(place);
    block = { firstAt: timestamp, lastAt: timestamp, bytes };
  });
  if (events.length > begin) close(events.length);
  return blocks;
}

/** JSON and not an array of texts: Postgres text has no NUL and no lone surrogates, a line may have both. */
function packLines(events: readonly LogEvent[]): Buffer {
  return Buffer.from(JSON.stringify([events.map(({ timestamp }) => timestamp), events.map(({ message }) => message)]));
}

export function unpackLines(lines: Buffer): LogEvent[] {
  const [timestamps, messages] = JSON.parse(lines.toString('utf8')) as [number[], string[]];
  return timestamps.map((timestamp, place) => ({ timestamp, message: messages[place]! }));
}
