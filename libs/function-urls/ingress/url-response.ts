import { isUtf8 } from 'node:buffer';
import { validateHeaderName, validateHeaderValue } from 'node:http';

/** What a function returned, as an HTTP answer (spec/invoke.md 6, response mapping of BUFFERED). Pure. */

export interface HttpHead {
  status: number;
  /** Names as the function wrote them. */
  headers: Record<string, string>;
  /** One Set-Cookie each. */
  cookies: string[];
}

export interface HttpAnswer extends HttpHead {
  body: Buffer;
}

const JSON_TYPE = 'application/json';
const BYTES_TYPE = 'application/octet-stream';
/** Belong to the connection, which is the server's. */
const CONNECTION_HEADERS: ReadonlySet<string> = new Set(['connection', 'content-length', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** @returns undefined when the function's answer cannot be one: the caller answers 502 */
export function httpAnswer(payload: Uint8Array): HttpAnswer | undefined {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  let value: unknown;
  try {
    if (!isUtf8(bytes)) return undefined;
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined; // Not JSON.
  }
  if (typeof value === 'string') return plain(Buffer.from(value));
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('statusCode' in value)) return plain(bytes);
  return structured(value as Record<string, unknown>);
}

function plain(body: Buffer): HttpAnswer {
  return { status: 200, headers: { 'Content-Type': JSON_TYPE }, cookies: [], body };
}

function structured({ statusCode, headers, cookies, body, isBase64Encoded }: Record<string, unknown>): HttpAnswer | undefined {
  const head = headOf(statusCode, headers, cookies, JSON_TYPE);
  if (head === undefined) return undefined;
  if (body !== undefined && body !== null && typeof body !== 'string') return undefined;
  if (isBase64Encoded !== undefined && isBase64Encoded !== null && typeof isBase64Encoded !== 'boolean') return undefined;
  return { ...head, body: Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8') };
}

/**
 * Head of a streamed answer.
 * @param prelude what the function said of it (`{statusCode, headers, cookies}`, each optional)
 * @returns undefined when it is none
 */
export function streamHead(prelude: unknown, contentType = BYTES_TYPE): HttpHead | undefined {
  if (typeof prelude !== 'object' || prelude === null || Array.isArray(prelude)) return undefined;
  const { statusCode, headers, cookies } = prelude as Record<string, unknown>;
  return headOf(statusCode ?? 200, headers, cookies, contentType);
}

function headOf(statusCode: unknown, headers: unknown, cookies: unknown, contentType: string): HttpHead | undefined {
  const status = statusOf(statusCode);
  const named = headersOf(headers ?? {});
  const set = cookies ?? [];
  if (status === undefined || named === undefined || !Array.isArray(set) || !set.every(isHeaderValue)) return undefined;
  if (!Object.keys(named).some((name) => name.toLowerCase() === 'content-type')) named['Content-Type'] = contentType;
  return { status, headers: named, cookies: set as string[] };
}

function statusOf(given: unknown): number | undefined {
  const status = typeof given === 'string' && /^\d{3}$/.test(given) ? Number(given) : given;
  return typeof status === 'number' && Number.isInteger(status) && status >= 200 && status <= 599 ? status : undefined;
}

function headersOf(given: unknown): Record<string, string> | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return undefined;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === null || CONNECTION_HEADERS.has(name.toLowerCase())) continue;
    if (!['string', 'number', 'boolean'].includes(typeof value) || !isHeader(name, String(value))) return undefined;
    headers[name] = String(value);
  }
  return headers;
}

function isHeaderValue(value: unknown): boolean {
  return typeof value === 'string' && isHeader('Set-Cookie', value);
}

/** As Node will judge when the answer is written: it must not fail there. */
function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false; // Not a name, or characters that would end the header.
  }
}
