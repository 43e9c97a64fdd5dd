import type { IncomingHttpHeaders } from 'node:http';

/** A whole HTTP/1.1 request as it lay in one chunk, with the members of Node's IncomingMessage. */
export interface ParsedRequest {
  method: 'POST';
  url: string;
  headers: IncomingHttpHeaders;
  /** Alternating names and values as they came. */
  rawHeaders: string[];
  body: Buffer;
}

/** Longer heads are the HTTP server's matter. */
const MAX_HEAD_BYTES = 8_192;
const HEAD_END = Buffer.from('\r\n\r\n');
/** RFC 9112: no folding, no bare line feeds, no blanks before the colon, no control characters. Stricter than any server must be. */
const HEAD = /^POST \/2015-03-31\/functions\/[!-~]+ HTTP\/1\.1(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*)+$/;
const LENGTH = /^\d{1,7}$/;
/** What changes the meaning of the message or of the connection, and what Node has rules of its own for. */
const SPECIAL: ReadonlySet<string> = new Set(['__proto__', 'transfer-encoding', 'expect', 'upgrade', 'trailer', 'te', 'keep-alive', 'proxy-connection', 'cookie', 'set-cookie']);
const MAX_KNOWN_NAMES = 1_000;
const lowerCase = new Map<string, string>();

/**
 * Reads a request for a function of the plainest form: one chunk, a length, each header once.
 * @returns undefined for everything else, be it legal or not: Node's own parser decides then
 */
export function parseRequest(chunk: Buffer): ParsedRequest | undefined {
  const headEnd = chunk.indexOf(HEAD_END);
  if (headEnd < 0 || headEnd > MAX_HEAD_BYTES) return undefined;
  const head = chunk.toString('latin1', 0, headEnd);
  if (!HEAD.test(head)) return undefined;
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  const rawHeaders: string[] = [];
  let start = head.indexOf('\r\n');
  const url = head.slice(5, start - 9);
  while (start >= 0) {
    const next = head.indexOf('\r\n', start + 2);
    const colon = head.indexOf(':', start);
    const raw = head.slice(start + 2, colon);
    const value = withoutBlanks(head, colon + 1, next < 0 ? head.length : next);
    const name = lowered(raw);
    if (name in headers || SPECIAL.has(name)) return undefined;
    headers[name] = value;
    rawHeaders.push(raw, value);
    start = next;
  }
  const length = headers['content-length'];
  if (headers.host === undefined || length === undefined || !LENGTH.test(length)) return undefined;
  if (headers.connection !== undefined && headers.connection.toLowerCase() !== 'keep-alive') return undefined;
  const bodyStart = headEnd + HEAD_END.length;
  if (chunk.length !== bodyStart + Number(length)) return undefined;
  return { method: 'POST', url, headers, rawHeaders, body: chunk.subarray(bodyStart) };
}

/** Clients spell their few names the same way every time. */
function lowered(raw: string): string {
  const known = lowerCase.get(raw);
  if (known !== undefined) return known;
  const name = raw.toLowerCase();
  if (lowerCase.size < MAX_KNOWN_NAMES) lowerCase.set(raw, name);
  return name;
}

/** Blanks and tabs around a value are not part of it; other white space is. */
function withoutBlanks(text: string, begin: number, end: number): string {
  while (begin < end && isBlank(text.charCodeAt(begin))) begin += 1;
  while (end > begin && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(begin, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
