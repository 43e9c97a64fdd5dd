import { hash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '@hearth/kernel';
import { expiredToken, invalidSignature, unrecognizedClient } from './authentication-errors.js';
import { AwsChunkedDecoder, isStreaming } from './aws-chunked.js';
import { canonicalHeaders, canonicalPath, canonicalQuery } from './canonical-request.js';
import { ALGORITHM, formatTimestamp, readSignature, type CredentialScope, type PresentedSignature } from './presented-signature.js';
import type { RequestHead } from './signed-request.js';
import { SigningKeyCache } from './signing-keys.js';

/** A key as verification needs it. */
export interface SigningKey {
  accessKeyId: string;
  secretAccessKey: string;
  active: boolean;
  /** SHA-256 of the session token; only temporary keys (ASIA) have one. */
  tokenDigest?: Uint8Array;
  /** Milliseconds since the epoch; only temporary keys have one. */
  expiresAt?: number;
}

export interface SigV4VerifierOptions {
  /** The region that scopes must name. */
  region: string;
  clock: Clock;
}

/** Lambda and most services allow 5 minutes of clock skew (spec/iam-and-sts.md 2.4). */
const SKEW_MS = 5 * 60_000;
const WIDER_SKEW_MS = 15 * 60_000;
const WITH_WIDER_SKEW: ReadonlySet<string> = new Set(['iam', 'sts', 'sns', 's3']);
/** Their clients sign for us-east-1 wherever they are, unless an endpoint of their own region is configured. */
const GLOBAL_SERVICES: ReadonlySet<string> = new Set(['iam', 'sts']);
const GLOBAL_REGION = 'us-east-1';

const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** Stands in for a key that does not exist, so that an unknown key costs what a known one costs. */
const NOBODY = { accessKeyId: 'NOBODY', secretAccessKey: 'bm8ga2V5IGhhcyB0aGlzIHNlY3JldCBhdCBhbGw=' };

/**
 * Verification of Signature Version 4 in three steps, so that nobody unknown can make the server read a body:
 * 1. {@link present} reads and checks what needs no key; 2. {@link checkHead} checks key, token and, when the payload hash is in
 * the head, the signature; 3. {@link checkBody} holds the body against the hash (or the chunk signatures).
 * No step does I/O: the caller looks the key up between 1 and 2.
 */
export class SigV4Verifier {
  private readonly signingKeys = new SigningKeyCache();

  constructor(private readonly options: SigV4VerifierOptions) {}

  /** @throws ServiceError of spec/iam-and-sts.md 2.4 */
  present(head: RequestHead): PresentedSignature {
    const presented = readSignature(head);
    this.checkTime(presented);
    const { credential, timestamp } = presented;
    if (credential.date !== timestamp.slice(0, 8)) {
      throw invalidSignature(`Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${credential.date}' != '${timestamp.slice(0, 8)}', from '${timestamp}'.`);
    }
    const global = GLOBAL_SERVICES.has(credential.service) && credential.region === GLOBAL_REGION;
    if (credential.region !== this.options.region && !global) throw invalidSignature('Credential should be scoped to a valid region.');
    return presented;
  }

  /**
   * @param key what the lookup of `presented.credential.accessKeyId` gave
   * @throws ServiceError of spec/iam-and-sts.md 2.4
   */
  checkHead(presented: PresentedSignature, key: SigningKey | undefined): void {
    const known = key !== undefined && key.active;
    const secret = known ? key.secretAccessKey : NOBODY.secretAccessKey;
    const scope = known ? presented.credential : { ...presented.credential, accessKeyId: NOBODY.accessKeyId };
    // The payload hash of requests without X-Amz-Content-SHA256 is the body's own: their signature waits for the body.
    const matches = presented.contentSha256 === undefined || this.matches(presented, scope, secret, presented.contentSha256);
    if (!known || !tokenMatches(key, presented.sessionToken)) throw unrecognizedClient();
    if (key.expiresAt !== undefined && key.expiresAt <= this.options.clock.now()) throw expiredToken();
    if (!matches) throw invalidSignature();
  }

  /**
   * @param key the key that {@link checkHead} accepted
   * @returns the payload: the body itself, or what its chunks carry
   */
  checkBody(presented: PresentedSignature, key: SigningKey, body: Uint8Array): Uint8Array {
    const declared = presented.contentSha256;
    if (declared === undefined) {
      const payloadHash = presented.form === 'query' && presented.credential.service === 's3' ? UNSIGNED_PAYLOAD : sha256(body);
      if (!this.matches(presented, presented.credential, key.secretAccessKey, payloadHash)) throw invalidSignature();
      return body;
    }
    if (declared === UNSIGNED_PAYLOAD) return body;
    if (isStreaming(declared)) {
      const decoder = this.chunkDecoder(presented, key);
      const chunks = decoder.push(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
      decoder.end();
      return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    }
    if (declared !== sha256(body)) throw invalidSignature();
    return body;
  }

  /** Steps 2 and 3 for a body that is at hand. */
  verify(presented: PresentedSignature, key: SigningKey | undefined, body: Uint8Array): Uint8Array {
    this.checkHead(presented, key);
    return this.checkBody(presented, key!, body);
  }

  /** For bodies that are read as a stream: feed the decoder instead of calling {@link checkBody}. */
  chunkDecoder(presented: PresentedSignature, key: SigningKey): AwsChunkedDecoder {
    return new AwsChunkedDecoder({
      contentSha256: presented.contentSha256 ?? '',
      decodedLength: presented.headers.get('x-amz-decoded-content-length')?.[0],
      declaredTrailers: presented.headers.get('x-amz-trailer')?.join(','),
      signingKey: this.signingKeys.get(presented.credential, key.secretAccessKey),
      seedSignature: presented.signature,
      timestamp: presented.timestamp,
      scope: scopeText(presented.credential),
    });
  }

  private matches(presented: PresentedSignature, scope: CredentialScope, secret: string, payloadHash: string): boolean {
    const { head, headers, signedHeaders } = presented;
    const canonicalRequest =
      `${head.method}\n${canonicalPath(head.rawPath, scope.service)}\n` +
      `${canonicalQuery(head.rawQuery, presented.form === 'query' ? 'X-Amz-Signature' : undefined)}\n` +
      `${canonicalHeaders(headers, signedHeaders)}\n${signedHeaders.join(';')}\n${payloadHash}`;
    // Node gives header bytes as Latin-1 characters: written back the same way, the hash covers what was on the wire.
    const digest = hash('sha256', Buffer.from(canonicalRequest, 'latin1'), 'hex');
    const expected = this.signingKeys.get(scope, secret).digest(`${ALGORITHM}\n${presented.timestamp}\n${scopeText(scope)}\n${digest}`);
    return timingSafeEqual(expected, Buffer.from(presented.signature, 'hex'));
  }

  private checkTime({ signedAt, timestamp, expiresSeconds, credential }: PresentedSignature): void {
    const now = this.options.clock.now();
    const skewMs = WITH_WIDER_SKEW.has(credential.service) ? WIDER_SKEW_MS : SKEW_MS;
    const skew = `${skewMs / 60_000} min.`;
    if (signedAt > now + skewMs) {
      throw invalidSignature(`Signature not yet current: ${timestamp} is still later than ${formatTimestamp(now + skewMs)} (${formatTimestamp(now)} + ${skew})`);
    }
    if (expiresSeconds !== undefined) {
      const end = signedAt + expiresSeconds * 1000;
      if (end < now) throw invalidSignature(`Signature expired: ${formatTimestamp(end)} is now earlier than ${formatTimestamp(now)}`);
    } else if (signedAt < now - skewMs) {
      throw invalidSignature(`Signature expired: ${timestamp} is now earlier than ${formatTimestamp(now - skewMs)} (${formatTimestamp(now)} - ${skew})`);
    }
  }
}

function tokenMatches(key: SigningKey, token: string | undefined): boolean {
  if (key.tokenDigest === undefined) return token === undefined && !key.accessKeyId.startsWith('ASIA');
  return token !== undefined && timingSafeEqual(hash('sha256', Buffer.from(token, 'latin1'), 'buffer'), key.tokenDigest);
}

function scopeText(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

function sha256(body: Uint8Array): string {
  return body.byteLength === 0 ? EMPTY_SHA256 : hash('sha256', body, 'hex');
}
