import { EMPTY_PAYLOAD_HASH, signRequest, type SigningCredentials } from '@hearth/aws-wire';
import { InfrastructureError, type Clock } from '@hearth/kernel';
import { MAX_UNZIPPED_BYTES, unzippedTooLarge } from '../package-limits.js';
import { getObjectFailed, invalidParameter, noSuchKey, objectAccessDenied } from './object-errors.js';
import type { ObjectName, ObjectSource } from './object-source.js';

/** From the request to the last byte. */
const READ_MS = 120_000;
/** An error document is a few hundred bytes. */
const MAX_ERROR_BYTES = 65_536;
/** Store says so of itself; anything below is about the object. */
const STORE_FAILED = 500;

export interface S3StoreOptions {
  /** `https://s3.example.com`, without a path of its own. */
  endpoint: string;
  region: string;
  credentials: SigningCredentials;
  clock: Clock;
}

/** Objects of any store that speaks S3's GetObject, addressed by path (`ENDPOINT/BUCKET/KEY`). */
export class S3Store implements ObjectSource {
  constructor(private readonly options: S3StoreOptions) {}

  async read(object: ObjectName): Promise<Buffer> {
    const { region, credentials, clock } = this.options;
    const url = this.urlOf(object);
    const headers = signRequest({ method: 'GET', url, payloadHash: EMPTY_PAYLOAD_HASH }, { region, service: 's3' }, credentials, clock.now());
    let response: Response;
    let body: Buffer | undefined;
    try {
      response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(READ_MS) });
      body = await readUpTo(response, response.ok ? MAX_UNZIPPED_BYTES : MAX_ERROR_BYTES);
    } catch (error) {
      throw new InfrastructureError(`The S3 store at ${url.origin} does not answer`, { cause: error });
    }
    if (response.status === 200) {
      // An archive is never smaller unpacked: nothing that large can become code.
      if (body === undefined) throw unzippedTooLarge();
      return body;
    }
    const text = body?.toString('utf8') ?? '';
    const code = element(text, 'Code');
    if (response.status >= STORE_FAILED) throw new InfrastructureError(`The S3 store at ${url.origin} failed: ${response.status} ${code ?? ''}`);
    if (response.status === 403) throw objectAccessDenied(object);
    if (code === undefined && response.status === 404) throw noSuchKey();
    throw getObjectFailed(code ?? `Http${response.status}`, element(text, 'Message') ?? response.statusText);
  }

  private urlOf({ bucket, key, version }: ObjectName): URL {
    const segments = [bucket, ...key.split('/')];
    // A URL resolves them, so they would name an object of another bucket.
    if (segments.some((segment) => segment === '.' || segment === '..')) throw invalidParameter("S3Key: '.' and '..' between slashes are not supported by this deployment.");
    const query = version === undefined ? '' : `?versionId=${encodeURIComponent(version)}`;
    return new URL(`${this.options.endpoint.replace(/\/+$/, '')}/${segments.map(encodeURIComponent).join('/')}${query}`);
  }
}

/** @returns undefined when there is more than `limit` bytes; the rest is not read */
async function readUpTo(response: Response, limit: number): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.byteLength;
    if (size > limit) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Text of the first element of this name; S3's error documents are flat. */
function element(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', "'").replaceAll('&amp;', '&');
}
