import { ServiceError } from './errors.js';

/** Longer texts are no markers of ours. */
const MAX_MARKER_LENGTH = 4_096;

/** Opaque `NextMarker` of a list (spec/lambda-api.md 1.2): the sort key of the last row of a page. */
export function encodePageMarker(position: readonly string[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * @param parts how many values the list's sort key has
 * @returns undefined when there is no marker
 * @throws ServiceError InvalidParameterValueException for text that is no marker of such a list
 */
export function decodePageMarker(marker: string | undefined, parts: number): string[] | undefined {
  if (!marker) return undefined;
  try {
    const position: unknown = marker.length <= MAX_MARKER_LENGTH ? JSON.parse(Buffer.from(marker, 'base64url').toString('utf8')) : undefined;
    // Postgres has no NUL in texts.
    if (Array.isArray(position) && position.length === parts && position.every((part) => typeof part === 'string' && !part.includes('\0'))) return position as string[];
  } catch {
    // Not JSON: refused below like any other text.
  }
  throw new ServiceError('InvalidParameterValueException', 400, 'Invalid pagination token: Marker.', { messageMember: 'message' });
}
