import { incompleteSignature, invalidSignature, missingToken } from './authentication-errors.js';
import { parseQuery, type QueryParameters } from '../rest-json/request-target.js';
import { headerValues, type HeaderValues, type RequestHead } from './signed-request.js';

export interface CredentialScope {
  accessKeyId: string;
  /** YYYYMMDD */
  date: string;
  region: string;
  service: string;
}

/** What a request claims about its signature, before any key is looked up. */
export interface PresentedSignature {
  head: RequestHead;
  headers: HeaderValues;
  form: 'header' | 'query';
  credential: CredentialScope;
  /** Lower-case, sorted, each present in the request. */
  signedHeaders: readonly string[];
  /** 64 lower-case hex digits. */
  signature: string;
  /** YYYYMMDDTHHMMSSZ */
  timestamp: string;
  /** Milliseconds since the epoch. */
  signedAt: number;
  /** Query form only. */
  expiresSeconds?: number;
  sessionToken?: string;
  /** `X-Amz-Content-SHA256` as sent. */
  contentSha256?: string;
}

export const ALGORITHM = 'AWS4-HMAC-SHA256';
const MAX_EXPIRES_SECONDS = 604_800;
const TIMESTAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/**
 * Reads the header or the query form (spec/iam-and-sts.md 2.1, 2.3).
 * @throws ServiceError MissingAuthenticationTokenException, IncompleteSignatureException, InvalidSignatureException
 */
export function readSignature(head: RequestHead): PresentedSignature {
  const headers = headerValues(head.rawHeaders);
  const authorization = single(headers, 'authorization');
  const query = head.rawQuery.includes('X-Amz-') ? parseQuery(head.rawQuery) : undefined;
  const inQuery = query?.has('X-Amz-Signature') || query?.has('X-Amz-Algorithm') || query?.has('X-Amz-Credential');
  if (authorization === undefined && !inQuery) throw missingToken();
  if (authorization !== undefined && inQuery) throw incompleteSignature('Signing information is given both in the Authorization header and in the query string.');
  const presented = authorization === undefined ? fromQuery(head, headers, query!) : fromHeader(head, headers, authorization);
  checkSignedHeaders(presented);
  return presented;
}

function fromHeader(head: RequestHead, headers: HeaderValues, authorization: string): PresentedSignature {
  if (!authorization.startsWith(`${ALGORITHM} `)) throw incompleteSignature(`Authorization header requires algorithm '${ALGORITHM}'.`);
  const parameters = new Map<string, string>();
  for (const part of authorization.slice(ALGORITHM.length + 1).split(',')) {
    const equals = part.indexOf('=');
    const name = part.slice(0, Math.max(equals, 0)).trim();
    if (equals < 0 || parameters.has(name)) throw incompleteSignature('Authorization header is malformed: expected Credential, SignedHeaders and Signature, once each.');
    parameters.set(name, part.slice(equals + 1).trim());
  }
  const missing = ['Credential', 'Signature', 'SignedHeaders'].filter((name) => !parameters.get(name));
  const time = headerTime(headers);
  if (missing.length > 0 || time === undefined) {
    const faults = missing.map((name) => `Authorization header requires '${name}' parameter.`);
    if (time === undefined) faults.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
    throw incompleteSignature(faults.join(' '));
  }
  const sessionToken = single(headers, 'x-amz-security-token');
  const contentSha256 = single(headers, 'x-amz-content-sha256');
  return {
    head,
    headers,
    form: 'header',
    credential: readCredential(parameters.get('Credential')!),
    signedHeaders: parameters.get('SignedHeaders')!.split(';'),
    signature: readHexSignature(parameters.get('Signature')!),
    ...time,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(contentSha256 === undefined ? {} : { contentSha256 }),
  };
}

function fromQuery(head: RequestHead, headers: HeaderValues, query: QueryParameters): PresentedSignature {
  const one = (name: string): string | undefined => {
    const values = query.get(name);
    if (values !== undefined && values.length > 1) throw incompleteSignature(`Query parameter '${name}' is given more than once.`);
    return values?.[0];
  };
  const required = (name: string): string => {
    const value = one(name);
    if (value === undefined || value === '') throw incompleteSignature(`AWS query-string parameters must include '${name}'.`);
    return value;
  };
  if (required('X-Amz-Algorithm') !== ALGORITHM) throw incompleteSignature(`X-Amz-Algorithm only supports '${ALGORITHM}'.`);
  const timestamp = required('X-Amz-Date');
  const signedAt = parseTimestamp(timestamp);
  if (signedAt === undefined) throw incompleteSignature('X-Amz-Date must be formatted as YYYYMMDDTHHMMSSZ.');
  const expires = required('X-Amz-Expires');
  const expiresSeconds = Number(expires);
  if (!/^\d{1,6}$/.test(expires) || expiresSeconds < 1 || expiresSeconds > MAX_EXPIRES_SECONDS) {
    throw incompleteSignature(`X-Amz-Expires must be a number of seconds from 1 to ${MAX_EXPIRES_SECONDS}.`);
  }
  if (headers.has('x-amz-security-token')) throw incompleteSignature('X-Amz-Security-Token belongs into the query string of a presigned request.');
  const sessionToken = one('X-Amz-Security-Token');
  const contentSha256 = single(headers, 'x-amz-content-sha256') ?? one('X-Amz-Content-Sha256');
  return {
    head,
    headers,
    form: 'query',
    credential: readCredential(required('X-Amz-Credential')),
    signedHeaders: required('X-Amz-SignedHeaders').split(';'),
    signature: readHexSignature(required('X-Amz-Signature')),
    timestamp,
    signedAt,
    expiresSeconds,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(contentSha256 === undefined ? {} : { contentSha256 }),
  };
}

/** Host and everything with the prefix `x-amz-` must be covered: an unsigned one could have been added on the way. */
function checkSignedHeaders({ headers, signedHeaders }: PresentedSignature): void {
  let previous = '';
  for (const name of signedHeaders) {
    if (name <= previous || !headers.has(name)) throw invalidSignature();
    previous = name;
  }
  if (single(headers, 'host') === undefined || !signedHeaders.includes('host')) throw invalidSignature("'Host' must be a 'SignedHeader' in the AWS Authorization.");
  for (const name of headers.keys()) {
    if (name.startsWith('x-amz-') && !signedHeaders.includes(name)) throw invalidSignature(`'${name}' must be a 'SignedHeader' in the AWS Authorization.`);
  }
}

function readCredential(text: string): CredentialScope {
  const parts = text.split('/');
  const [accessKeyId, date, region, service, terminator] = parts;
  if (parts.length !== 5 || parts.includes('')) throw incompleteSignature('Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.');
  if (terminator !== 'aws4_request') throw invalidSignature("Credential should be scoped with a valid terminator: 'aws4_request'.");
  return { accessKeyId: accessKeyId!, date: date!, region: region!, service: service! };
}

function readHexSignature(text: string): string {
  if (!/^[0-9a-f]{64}$/.test(text)) throw invalidSignature();
  return text;
}

/** X-Amz-Date, else Date. */
function headerTime(headers: HeaderValues): { timestamp: string; signedAt: number } | undefined {
  const own = single(headers, 'x-amz-date');
  const text = own ?? single(headers, 'date');
  if (text === undefined) return undefined;
  const basic = parseTimestamp(text);
  if (basic !== undefined) return { timestamp: text, signedAt: basic };
  const signedAt = own === undefined ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(signedAt)) throw incompleteSignature('Date must be in ISO-8601 basic format, YYYYMMDDTHHMMSSZ.');
  return { timestamp: formatTimestamp(signedAt), signedAt };
}

/** The text parsed last: on a busy server most requests of a second carry the same one. */
let lastTimestamp: { text: string; time: number } | undefined;

function parseTimestamp(text: string): number | undefined {
  if (lastTimestamp?.text === text) return lastTimestamp.time;
  const parts = TIMESTAMP.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts.map(Number) as [number, number, number, number, number, number, number];
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  if (formatTimestamp(time) !== text) return undefined;
  lastTimestamp = { text, time };
  return time;
}

/** `YYYYMMDDTHHMMSSZ` */
export function formatTimestamp(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
}

/** Headers of the signature itself must not be ambiguous. */
function single(headers: HeaderValues, name: string): string | undefined {
  const values = headers.get(name);
  if (values !== undefined && values.length > 1) throw incompleteSignature(`Header '${name}' is given more than once.`);
  return values?.[0];
}
