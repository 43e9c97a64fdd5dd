import { createHash } from 'node:crypto';
import { Sha256 } from '@aws-crypto/sha256-js';
import { SignatureV4 } from '@smithy/signature-v4';
import type { SigningKey } from '../sigv4/verifier.js';
import type { RequestHead } from '../sigv4/signed-request.js';

/* Requests as the AWS SDK's own signer makes them, and every way to change one so that it means something else. All from a seed. */

export const NOW = Date.UTC(2026, 10, 25, 4, 30, 0);
export const REGION = 'us-east-1';
const TOKEN = 'FwoGZXIvYXdzEBYaDHqa0AP/token+with=signs';
const PERMANENT: SigningKey = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', active: true };
const TEMPORARY: SigningKey = { ...PERMANENT, accessKeyId: 'ASIAIOSFODNN7EXAMPLE', tokenDigest: createHash('sha256').update(TOKEN).digest(), expiresAt: NOW + 3_600_000 };
/** Known as well: a request must not pass as another key's. */
const ANOTHER: SigningKey = { accessKeyId: 'AKIAIOSFODNN7EXAMPLF', secretAccessKey: 'anotherSecretAccessKeyOf40Characters0000', active: true };
export const KEYS: ReadonlyMap<string, SigningKey> = new Map([PERMANENT, TEMPORARY, ANOTHER].map((key) => [key.accessKeyId, key]));

/** Uniform in [0, 1), the same for the same seed (mulberry32). */
export type Random = () => number;

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface SignedRequest {
  head: RequestHead;
  body: Buffer;
  form: 'header' | 'query';
  service: string;
}

const WORDS = ['f', 'my-fn', 'arn:aws:lambda:us-east-1:000000000000:function:f', '$LATEST', 'a b', "!*'()", '~', '%41', 'ünï', 'a+b', ';,=@&', '2015-03-31', 'functions', '日本', '..x', '"q"'];
const SERVICES = ['lambda', 'lambda', 'iam', 'sts', 'logs', 's3'];

export async function genuineRequest(random: Random): Promise<SignedRequest> {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const times = (most: number): unknown[] => Array.from({ length: Math.floor(random() * (most + 1)) });
  const service = pick(SERVICES);
  const form = random() < 0.25 ? 'query' : 'header';
  const key = pick([PERMANENT, TEMPORARY]);
  const body = Buffer.from(random() < 0.3 ? '' : JSON.stringify({ n: random(), text: pick(WORDS), list: times(3).map(() => pick(WORDS)) }));
  const query: Record<string, string | string[]> = {};
  for (const _ of times(4)) query[`${pick(WORDS)}${Math.floor(random() * 9)}`] = random() < 0.2 ? times(3).map(() => pick(WORDS)) : pick([...WORDS, '']);
  const headers: Record<string, string> = { host: '127.0.0.1:4510' };
  if (random() < 0.7) headers['content-type'] = 'application/json';
  for (const _ of times(3)) headers[`x-amz-q${'abcdefgh'[Math.floor(random() * 8)]}`] = pick(['v', 'two words', 'many   blanks', '=', ';,', 'x'.repeat(30)]);
  // What the presigner of S3 does.
  if (service === 's3' && form === 'query') headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
  const path = `/${[0, ...times(4)].map(() => encodeURIComponent(pick(WORDS))).join('/')}`;
  const signer = new SignatureV4({
    service,
    region: REGION,
    sha256: Sha256,
    uriEscapePath: service !== 's3',
    // boto3 leaves X-Amz-Content-SHA256 out.
    applyChecksum: random() < 0.8,
    credentials: { accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey, ...(key === TEMPORARY ? { sessionToken: TOKEN } : {}) },
  });
  const request = { method: pick(['GET', 'POST', 'PUT', 'DELETE']), protocol: 'http:', hostname: '127.0.0.1', port: 4510, path, query, headers, body };
  const signingDate = new Date(NOW + Math.floor((random() - 0.5) * 500) * 1000);
  const signed = form === 'query' ? await signer.presign(request, { signingDate, expiresIn: 900 }) : await signer.sign(request, { signingDate });
  const pairs = Object.entries(signed.query ?? {}).flatMap(([name, value]) => [value].flat().map((item) => `${encodeURIComponent(name)}=${encodeURIComponent(item ?? '')}`));
  return { head: { method: signed.method, rawPath: signed.path, rawQuery: pairs.join('&'), rawHeaders: Object.entries(signed.headers).flat() }, body, form, service };
}

/** @returns undefined when this change does not apply, or would leave the request's meaning as it is */
export type Mutation = (request: SignedRequest, random: Random) => SignedRequest | undefined;

const at = (random: Random, length: number): number => Math.floor(random() * length);
const withHead = (request: SignedRequest, head: Partial<RequestHead>): SignedRequest => ({ ...request, head: { ...request.head, ...head } });

function headerIndex({ head }: SignedRequest, name: string): number {
  return head.rawHeaders.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
}

function changeHeader(request: SignedRequest, name: string, change: (value: string) => string | undefined): SignedRequest | undefined {
  const index = headerIndex(request, name);
  if (index < 0) return undefined;
  const value = change(request.head.rawHeaders[index + 1]!);
  const rawHeaders = [...request.head.rawHeaders];
  if (value === undefined) rawHeaders.splice(index, 2);
  else rawHeaders[index + 1] = value;
  return withHead(request, { rawHeaders });
}

function addHeader(request: SignedRequest, name: string, value: string): SignedRequest {
  return withHead(request, { rawHeaders: [...request.head.rawHeaders, name, value] });
}

/** The parts of the signature stand in the Authorization header or in the query: one change for both. */
function changePart(request: SignedRequest, part: 'Credential' | 'SignedHeaders' | 'Signature', change: (value: string) => string): SignedRequest | undefined {
  if (request.form === 'header') return changeHeader(request, 'authorization', (text) => text.replace(new RegExp(`${part}=([^,]*)`), (_all, value: string) => `${part}=${change(value)}`));
  return withHead(request, { rawQuery: request.head.rawQuery.replace(new RegExp(`X-Amz-${part}=([^&]*)`), (_all, value: string) => `X-Amz-${part}=${encodeURIComponent(change(decodeURIComponent(value)))}`) });
}

function changeQuery(request: SignedRequest, random: Random, change: (pairs: string[], index: number) => string[]): SignedRequest | undefined {
  if (request.head.rawQuery === '') return undefined;
  const pairs = request.head.rawQuery.split('&');
  const rawQuery = change([...pairs], at(random, pairs.length)).join('&');
  return canonical(rawQuery) === canonical(request.head.rawQuery) ? undefined : withHead(request, { rawQuery });
}

/** Order of parameters is not part of their meaning. */
function canonical(rawQuery: string): string {
  return rawQuery.split('&').sort().join('&');
}

function otherHex(digit: string): string {
  return digit === 'a' ? 'b' : 'a';
}

function replaceAt(text: string, index: number, by: (character: string) => string): string {
  return text.slice(0, index) + by(text[index]!) + text.slice(index + 1);
}

/** Requests that do not sign their body, which AWS allows in S3's query form only. */
function bodyIsFree(request: SignedRequest): boolean {
  return request.form === 'query' && request.service === 's3';
}

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  method: (request) => withHead(request, { method: request.head.method === 'GET' ? 'POST' : 'GET' }),
  'path character': (request, random) => {
    const index = 1 + at(random, request.head.rawPath.length - 1);
    return request.head.rawPath[index] === '/' ? undefined : withHead(request, { rawPath: replaceAt(request.head.rawPath, index, (given) => (given === 'x' ? 'y' : 'x')) });
  },
  'path segment added': (request) => withHead(request, { rawPath: `${request.head.rawPath}/x` }),
  'path segment removed': (request) => (request.head.rawPath.lastIndexOf('/') > 0 ? withHead(request, { rawPath: request.head.rawPath.slice(0, request.head.rawPath.lastIndexOf('/')) }) : undefined),
  'path escaped once more': (request) => (request.head.rawPath.includes('%') ? withHead(request, { rawPath: request.head.rawPath.replace('%', '%25') }) : undefined),
  'parameter added': (request) => withHead(request, { rawQuery: request.head.rawQuery === '' ? 'z=1' : `${request.head.rawQuery}&z=1` }),
  'parameter doubled': (request, random) => changeQuery(request, random, (pairs, index) => [...pairs, pairs[index]!]),
  'parameter removed': (request, random) => changeQuery(request, random, (pairs, index) => pairs.toSpliced(index, 1)),
  'parameter value changed': (request, random) => changeQuery(request, random, (pairs, index) => pairs.with(index, `${pairs[index]!}1`)),
  'parameter name changed': (request, random) => changeQuery(request, random, (pairs, index) => pairs.with(index, `q${pairs[index]!}`)),
  'body byte': (request, random) => {
    if (request.body.length === 0 || bodyIsFree(request)) return undefined;
    const body = Buffer.from(request.body);
    body[at(random, body.length)]! ^= 1 + at(random, 255);
    return { ...request, body };
  },
  'body longer': (request) => (bodyIsFree(request) ? undefined : { ...request, body: Buffer.concat([request.body, Buffer.from(' ')]) }),
  'body shorter': (request) => (request.body.length === 0 || bodyIsFree(request) ? undefined : { ...request, body: request.body.subarray(0, -1) }),
  'signature digit': (request, random) => changePart(request, 'Signature', (text) => replaceAt(text, at(random, text.length), otherHex)),
  'signature shorter': (request) => changePart(request, 'Signature', (text) => text.slice(1)),
  'signature empty': (request) => changePart(request, 'Signature', () => ''),
  'signature of zeros': (request) => changePart(request, 'Signature', (text) => '0'.repeat(text.length)),
  'another key, also known': (request) => changePart(request, 'Credential', (text) => text.replace(/^[^/]+/, ANOTHER.accessKeyId)),
  'a key nobody has': (request) => changePart(request, 'Credential', (text) => text.replace(/^[^/]+/, 'AKIAAAAAAAAAAAAAAAAA')),
  'day of the scope': (request) => changePart(request, 'Credential', (text) => text.replace('/20261125/', '/20261124/')),
  'region of the scope': (request) => changePart(request, 'Credential', (text) => text.replace(`/${REGION}/`, '/eu-west-1/')),
  'service of the scope': (request) => changePart(request, 'Credential', (text) => text.replace(`/${request.service}/`, request.service === 'sts' ? '/iam/' : '/sts/')),
  'end of the scope': (request) => changePart(request, 'Credential', (text) => text.replace('aws4_request', 'aws5_request')),
  'signed header forgotten': (request, random) =>
    changePart(request, 'SignedHeaders', (text) => {
      const names = text.split(';');
      return names.length === 1 ? 'host;x' : names.toSpliced(at(random, names.length), 1).join(';');
    }),
  'signed header invented': (request) => changePart(request, 'SignedHeaders', (text) => `${text};x-nothing`),
  'date a second later': (request) =>
    request.form === 'header'
      ? changeHeader(request, 'x-amz-date', (text) => text.replace(/(\d)Z$/, (_all, digit: string) => `${(Number(digit) + 1) % 10}Z`))
      : withHead(request, { rawQuery: request.head.rawQuery.replace(/(X-Amz-Date=\d{8}T\d{5})(\d)Z/, (_all, start: string, digit: string) => `${start}${(Number(digit) + 1) % 10}Z`) }),
  'date removed': (request) => (request.form === 'header' ? changeHeader(request, 'x-amz-date', () => undefined) : undefined),
  'longer validity': (request) => (request.form === 'query' ? withHead(request, { rawQuery: request.head.rawQuery.replace('X-Amz-Expires=900', 'X-Amz-Expires=90000') }) : undefined),
  host: (request) => changeHeader(request, 'host', () => '127.0.0.1:4511'),
  'host removed': (request) => changeHeader(request, 'host', () => undefined),
  'host doubled': (request) => addHeader(request, 'Host', '127.0.0.1:4510'),
  'signed header changed': (request, random) => {
    const names = signedNames(request);
    return changeHeader(request, names[at(random, names.length)]!, (value) => `${value}x`);
  },
  'signed header removed': (request, random) => {
    const names = signedNames(request);
    return changeHeader(request, names[at(random, names.length)]!, () => undefined);
  },
  'unsigned x-amz header': (request) => addHeader(request, 'x-amz-invocation-type', 'Event'),
  'payload hash given up': (request) => changeHeader(request, 'x-amz-content-sha256', () => 'UNSIGNED-PAYLOAD'),
  'payload hash of nothing': (request) =>
    request.body.length === 0 ? undefined : changeHeader(request, 'x-amz-content-sha256', () => 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'),
  'token changed': (request) =>
    request.form === 'header' ? changeHeader(request, 'x-amz-security-token', (text) => `${text}x`) : replaced(request, 'X-Amz-Security-Token=', 'X-Amz-Security-Token=x'),
  'token removed': (request) => changeHeader(request, 'x-amz-security-token', () => undefined),
  'token added': (request) => (headerIndex(request, 'x-amz-security-token') < 0 && !request.head.rawQuery.includes('X-Amz-Security-Token') ? addHeader(request, 'X-Amz-Security-Token', TOKEN) : undefined),
  'algorithm': (request) =>
    request.form === 'header' ? changeHeader(request, 'authorization', (text) => text.replace('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1')) : replaced(request, 'AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1'),
  'authorization removed': (request) => changeHeader(request, 'authorization', () => undefined),
};

function replaced(request: SignedRequest, from: string, to: string): SignedRequest | undefined {
  return request.head.rawQuery.includes(from) ? withHead(request, { rawQuery: request.head.rawQuery.replace(from, to) }) : undefined;
}

function signedNames(request: SignedRequest): string[] {
  const { rawHeaders, rawQuery } = request.head;
  const text = request.form === 'header' ? /SignedHeaders=([^,]*)/.exec(rawHeaders[headerIndex(request, 'authorization') + 1]!)![1]! : decodeURIComponent(/X-Amz-SignedHeaders=([^&]*)/.exec(rawQuery)![1]!);
  return text.split(';');
}
