import { validationError } from './errors.js';

/** spec/iam-and-sts.md 6, "+paging". */
export interface PagedInput {
  Marker?: string;
  MaxItems?: number;
}

/** Where a page begins and how long it is. Lists go by a unique key, so concurrent changes neither repeat nor skip what stays. */
export interface PageRequest {
  /** The page holds what comes after this key, byte by byte; '' is the beginning. */
  after: string;
  limit: number;
}

const DEFAULT_ITEMS = 100;

export function pageRequest({ Marker, MaxItems }: PagedInput): PageRequest {
  return { after: Marker === undefined ? '' : decode(Marker), limit: MaxItems ?? DEFAULT_ITEMS };
}

/**
 * @param found in order, one more than the page holds when there are more
 * @param member the list's name in the answer
 */
export function pageAnswer<T>(
  member: string,
  found: T[],
  { limit }: PageRequest,
  keyOf: (item: T) => string,
  shape: (item: T) => unknown,
): Record<string, unknown> {
  const items = found.slice(0, limit);
  const truncated = found.length > limit;
  return { [member]: items.map(shape), IsTruncated: truncated, ...(truncated ? { Marker: encode(keyOf(items.at(-1)!)) } : {}) };
}

function encode(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function decode(marker: string): string {
  const key = Buffer.from(marker, 'base64url').toString();
  if (key === '' || key.includes('\0') || encode(key) !== marker) throw validationError('Invalid Marker.');
  return key;
}
