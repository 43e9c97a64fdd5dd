import { pathSegments } from '../rest-json/request-target.js';
import { incompleteSignature } from './authentication-errors.js';
import type { HeaderValues } from './signed-request.js';

const NEEDS_ESCAPE = /[^A-Za-z0-9\-._~]/;
const BEYOND_URI_COMPONENT = /[!'()*]/g;
const NOT_VISIBLE_ASCII = /[^\x21-\x7e]/;

/** Percent-encodes all but `A-Za-z0-9-._~`. */
export function escapeUri(text: string): string {
  if (!NEEDS_ESCAPE.test(text)) return text;
  return encodeURIComponent(text).replace(BEYOND_URI_COMPONENT, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/**
 * Path for the canonical request: encoded once more and normalised, except for S3, which signs the path as sent
 * (spec/iam-and-sts.md 2.1).
 */
export function canonicalPath(rawPath: string, service: string): string {
  if (!rawPath.startsWith('/') || NOT_VISIBLE_ASCII.test(rawPath)) throw incompleteSignature('The request target is not a valid path.');
  if (service === 's3') return rawPath;
  const segments = pathSegments(rawPath);
  if (segments.length === 0) return '/';
  const path = `/${segments.map(escapeUri).join('/')}`;
  return rawPath.endsWith('/') ? `${path}/` : path;
}

/** @param without a parameter that is not signed: the signature itself */
export function canonicalQuery(rawQuery: string, without?: string): string {
  if (rawQuery === '') return '';
  const pairs: [string, string][] = [];
  for (const pair of rawQuery.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = reescape(equals < 0 ? pair : pair.slice(0, equals));
    if (name !== without) pairs.push([name, equals < 0 ? '' : reescape(pair.slice(equals + 1))]);
  }
  pairs.sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]));
  return pairs.map(([name, value]) => `${name}=${value}`).join('&');
}

/** One line per signed header, each ended by LF. */
export function canonicalHeaders(headers: HeaderValues, signed: readonly string[]): string {
  let text = '';
  for (const name of signed) {
    const values = headers.get(name)!;
    text += `${name}:${values.length === 1 ? collapse(values[0]!) : values.map(collapse).join(',')}\n`;
  }
  return text;
}

function collapse(value: string): string {
  return /^\s|\s$|\s\s|[\t\r\n]/.test(value) ? value.trim().replace(/\s+/g, ' ') : value;
}

function reescape(raw: string): string {
  if (!NEEDS_ESCAPE.test(raw)) return raw;
  try {
    return escapeUri(decodeURIComponent(raw));
  } catch {
    throw incompleteSignature('The query string is not valid percent-encoding.');
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
