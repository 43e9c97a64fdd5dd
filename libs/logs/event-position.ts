/**
 * The place of an event in its stream or group: by time, then in the order of arrival. Written as AWS writes event ids, 56 decimal
 * digits that sort as the events do.
 */
export interface EventPosition {
  /** Epoch ms. */
  timestamp: number;
  id: bigint;
}

const DIGITS = 56;
const ID_BITS = 64n;
/** Times before 1970 are legal in queries: shifted so that the number is never negative. */
const OFFSET = 1n << 53n;

/** Before every event, and after every event. */
export const FIRST_POSITION: EventPosition = { timestamp: 0, id: -1n };
export const LAST_POSITION: EventPosition = { timestamp: Number.MAX_SAFE_INTEGER, id: (1n << 62n) - 1n };

export function writePosition({ timestamp, id }: EventPosition): string {
  return (((BigInt(timestamp) + OFFSET) << ID_BITS) + id + 1n).toString().padStart(DIGITS, '0');
}

export function readPosition(text: string): EventPosition | undefined {
  if (text.length !== DIGITS || !/^\d+$/.test(text)) return undefined;
  const value = BigInt(text);
  const timestamp = (value >> ID_BITS) - OFFSET;
  const id = (value & ((1n << ID_BITS) - 1n)) - 1n;
  if (timestamp > BigInt(Number.MAX_SAFE_INTEGER) || timestamp < 0n || id > LAST_POSITION.id) return undefined;
  return { timestamp: Number(timestamp), id };
}
