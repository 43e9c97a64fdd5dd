import { invalidParameter } from '../errors.js';

/** Opaque token of a list: the sort key of the last row of a page. */
export function writeToken(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/**
 * @param parts how many values the list's sort key has
 * @throws ServiceError for text that is no token of such a list
 */
export function readToken(token: string | undefined, parts: number): string[] | undefined {
  if (token === undefined) return undefined;
  try {
    const key: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    // Postgres has no NUL in texts.
    if (Array.isArray(key) && key.length === parts && key.every((part) => typeof part === 'string' && !part.includes('\0'))) return key as string[];
  } catch {
    // Not JSON: refused below like any other text.
  }
  throw invalidToken();
}

export function invalidToken() {
  return invalidParameter('The specified nextToken is invalid.');
}
