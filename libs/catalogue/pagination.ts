import { encodePageMarker } from '@hearth/kernel';
import { invalidParameter } from './errors.js';
import type { ListPosition } from './store.js';

/** ListFunctions and ListVersionsByFunction never answer more at once (spec/lambda-api.md 1.2). */
const MAX_PAGE = 50;

export function pageSize(maxItems: number | undefined): number {
  return Math.min(maxItems ?? MAX_PAGE, MAX_PAGE);
}

export function encodeMarker(position: ListPosition): string {
  return Buffer.from(JSON.stringify([position.name, position.versionNumber])).toString('base64url');
}

/** @throws ServiceError InvalidParameterValueException for text that is no marker of ours */
export function decodeMarker(marker: string | undefined): ListPosition | undefined {
  if (!marker) return undefined;
  try {
    const [name, versionNumber] = JSON.parse(Buffer.from(marker, 'base64url').toString('utf8')) as unknown[];
    if (typeof name === 'string' && !name.includes('\0') && Number.isInteger(versionNumber) && Math.abs(versionNumber as number) < 2 ** 31) return { name, versionNumber: versionNumber as number };
  } catch {
    // Not JSON: refused below like any other text.
  }
  throw invalidParameter('Invalid pagination token: Marker.');
}

/**
 * Cuts what was read with one row too many, which tells whether there is more.
 * @param position the sort key of a row: the next page begins behind it
 */
export function pageOf<Row>(found: readonly Row[], size: number, position: (row: Row) => readonly string[]): { items: Row[]; marker: { NextMarker?: string } } {
  const items = found.slice(0, size);
  const last = items.at(-1);
  return { items, marker: found.length > size && last !== undefined ? { NextMarker: encodePageMarker(position(last)) } : {} };
}
