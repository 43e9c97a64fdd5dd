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
