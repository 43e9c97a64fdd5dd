import type { Cors } from '../function-url.js';

/** CORS of a function URL (spec/invoke.md 6). Pure. */

export interface Preflight {
  origin: string;
  method: string;
  /** As asked for; comma separated. */
  headers?: string;
}

/** Headers of the answer to a preflight request; none for an origin that is not listed. */
export function preflightHeaders(cors: Cors, { origin, method, headers }: Preflight): Record<string, string> {
  const allowed = originHeaders(cors, origin);
  if (allowed === undefined) return {};
  // With credentials `*` means itself to browsers, so what was asked for is named instead.
  const spelled = (list: string[] | undefined, asked: string | undefined): string | undefined => (list?.includes('*') ? (cors.AllowCredentials ? asked : '*') : list?.join(','));
  return withValues({
    ...allowed,
    'Access-Control-Allow-Methods': spelled(cors.AllowMethods, method),
    'Access-Control-Allow-Headers': spelled(cors.AllowHeaders, headers),
    'Access-Control-Max-Age': String(cors.MaxAge ?? 0),
  });
}

/** Headers added to every other answer. */
export function answerHeaders(cors: Cors, origin: string | undefined): Record<string, string> {
  const allowed = origin === undefined ? undefined : originHeaders(cors, origin);
  return allowed === undefined ? {} : withValues({ ...allowed, 'Access-Control-Expose-Headers': cors.ExposeHeaders?.join(',') });
}

/** With CORS settings the service speaks for the function: what the function says about it is dropped. */
export function isCorsHeader(lowerCaseName: string): boolean {
  return lowerCaseName.startsWith('access-control-');
}

function originHeaders(cors: Cors, origin: string): Record<string, string | undefined> | undefined {
  const listed = cors.AllowOrigins ?? [];
  if (!listed.some((pattern) => matches(pattern.toLowerCase(), origin.toLowerCase()))) return undefined;
  const anyone = listed.includes('*') && !cors.AllowCredentials;
  return {
    'Access-Control-Allow-Origin': anyone ? '*' : origin,
    'Access-Control-Allow-Credentials': cors.AllowCredentials ? 'true' : undefined,
    // Caches must keep answers for different origins apart.
    Vary: anyone ? undefined : 'Origin',
  };
}

/** `*` stands for anything: `http://*`, `https://*.example.com`. */
function matches(pattern: string, origin: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === origin;
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return origin.length >= before.length + after.length && origin.startsWith(before) && origin.endsWith(after);
}

function withValues(headers: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter((entry): entry is [string, string] => Boolean(entry[1])));
}
