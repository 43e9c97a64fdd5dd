/**
 * The place of an event in its stream or group: by time, then in the order of arrival. Written as AWS writes event ids, 56 decimal
 * digits that sort as the events do.
 */
export interface EventPosition {
  /** Epoch ms. */
  timestamp: number;
  block: number;
  /** In its block. */
  index: number;
}

const DIGITS = 56;
const INDEX_BITS = 14n;
const ID_BITS = 64n;
const MAX_INDEX = 2 ** Number(INDEX_BITS) - 1;

/** Before every event. */
export const FIRST_POSITION: EventPosition = { timestamp: 0, block: -1, index: 0 };

/** After every event that a block has at a time, and after those of earlier blocks. */
export function endOfBlock(timestamp: number, block: number): EventPosition {
  return { timestamp, block, index: MAX_INDEX };
}

export function comparePositions(a: EventPosition, b: EventPosition): number {
  return a.timestamp - b.timestamp || a.block - b.block || a.index - b.index;
}

export function writePosition({ timestamp, block, index }: EventPosition): string {
  return ((BigInt(timestamp) << ID_BITS) | (BigInt(block + 1) << INDEX_BITS) | BigInt(index)).toString().padStart(DIGITS, '0');
}

/** @returns undefined for text that writePosition did not write */
export function readPosition(text: string): EventPosition | undefined {
  if (text.length !== DIGITS || !/^\d+$/.test(text)) return undefined;
  const value = BigInt(text);
  const timestamp = Number(value >> ID_BITS);
  const block = Number((value & ((1n << ID_BITS) - 1n)) >> INDEX_BITS) - 1;
  const index = Number(value & ((1n << INDEX_BITS) - 1n));
  return Number.isSafeInteger(timestamp) && Number.isSafeInteger(block) ? { timestamp, block, index } : undefined;
}
