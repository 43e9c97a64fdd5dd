import { createHash, hash, timingSafeEqual, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { incompleteSignature, invalidSignature } from './authentication-errors.js';
import type { SigningHmac } from './signing-keys.js';

/*
 * Body encoding `aws-chunked` (spec/iam-and-sts.md 2.2), decoded piece by piece so that large uploads need no buffer.
 * Invariants:
 * 1. Signed forms release a chunk's data only after its signature matched.
 * 2. Nothing may follow the last chunk and its trailer.
 * 3. The sum of the data equals X-Amz-Decoded-Content-Length.
 * 4. Trailers are exactly those that the signed header X-Amz-Trailer announced.
 */

export const STREAMING_SIGNED = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD';
export const STREAMING_SIGNED_TRAILER = 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER';
export const STREAMING_UNSIGNED_TRAILER = 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';

const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const MAX_LINE_BYTES = 8_192;
/** A signed chunk is held until its end: clients send 64 KB to 1 MB. */
const MAX_SIGNED_CHUNK_BYTES = 16 * 1024 * 1024;
const CRLF = Buffer.from('\r\n');

export function isStreaming(contentSha256: string): boolean {
  return contentSha256 === STREAMING_SIGNED || contentSha256 === STREAMING_SIGNED_TRAILER || contentSha256 === STREAMING_UNSIGNED_TRAILER;
}

export interface AwsChunkedOptions {
  contentSha256: string;
  /** X-Amz-Decoded-Content-Length as sent. */
  decodedLength: string | undefined;
  /** X-Amz-Trailer as sent. */
  declaredTrailers: string | undefined;
  signingKey: SigningHmac;
  /** Signature of the request head; chunk signatures are chained from it. */
  seedSignature: string;
  /** YYYYMMDDTHHMMSSZ */
  timestamp: string;
  scope: string;
}

type State = 'size' | 'data' | 'data-end' | 'trailer' | 'done';

export class AwsChunkedDecoder {
  /** Names (lower case) and values of the trailer, complete after {@link end}. */
  readonly trailers = new Map<string, string>();
  private state: State = 'size';
  private pending: Buffer = Buffer.alloc(0);
  private chunkBytes = 0;
  private chunkSignature = '';
  private previousSignature: string;
  private decodedBytes = 0;
  private trailerSignature = '';
  private readonly signed: boolean;
  private readonly withTrailer: boolean;
  private readonly expectedBytes: number;
  private readonly checksums = new Map<string, Checksum>();

  constructor(private readonly options: AwsChunkedOptions) {
    if (!isStreaming(options.contentSha256)) throw invalidSignature();
    this.signed = options.contentSha256 !== STREAMING_UNSIGNED_TRAILER;
    this.withTrailer = options.contentSha256 !== STREAMING_SIGNED;
    this.previousSignature = options.seedSignature;
    if (!/^\d{1,15}$/.test(options.decodedLength ?? '')) throw incompleteSignature('You must provide the X-Amz-Decoded-Content-Length HTTP header.');
    this.expectedBytes = Number(options.decodedLength);
    for (const name of this.announced()) if (name.startsWith('x-amz-checksum-')) this.checksums.set(name, checksumFor(name));
  }

  /** @returns the data that became available; its parts may be views of `bytes` */
  push(bytes: Buffer): Buffer[] {
    this.pending = this.pending.length === 0 ? bytes : Buffer.concat([this.pending, bytes]);
    const output: Buffer[] = [];
    while (this.step(output)) {
      // Each step consumes one line or one piece of data.
    }
    return output;
  }

  /** @throws ServiceError when the body ended early or its length or trailer is not what was announced */
  end(): void {
    if (this.state !== 'done' || this.pending.length > 0) throw malformed();
    if (this.decodedBytes !== this.expectedBytes) throw malformed();
    const announced = this.announced();
    if (this.withTrailer && (announced.size !== this.trailers.size || [...announced].some((name) => !this.trailers.has(name)))) throw malformed();
    for (const [name, checksum] of this.checksums) {
      if (checksum.digest() !== this.trailers.get(name)) throw invalidSignature(`Value for ${name} trailing header is invalid.`);
    }
  }

  /** @returns whether anything was consumed */
  private step(output: Buffer[]): boolean {
    switch (this.state) {
      case 'size':
        return this.readLine((line) => this.startChunk(line));
      case 'data':
        return this.readData(output);
      case 'data-end':
        if (this.pending.length < 2) return false;
        if (this.pending[0] !== 0x0d || this.pending[1] !== 0x0a) throw malformed();
        this.pending = this.pending.subarray(2);
        this.state = 'size';
        return true;
      case 'trailer':
        return this.readLine((line) => this.trailerLine(line));
      case 'done':
        if (this.pending.length > 0) throw malformed();
        return false;
    }
  }

  private readLine(use: (line: string) => void): boolean {
    const end = this.pending.indexOf(CRLF);
    if (end < 0 && this.pending.length <= MAX_LINE_BYTES) return false;
    if (end < 0 || end > MAX_LINE_BYTES) throw malformed();
    const line = this.pending.toString('latin1', 0, end);
    this.pending = this.pending.subarray(end + 2);
    use(line);
    return true;
  }

  private startChunk(line: string): void {
    const parts = this.signed ? /^([0-9a-fA-F]{1,8});chunk-signature=([0-9a-f]{64})$/.exec(line) : /^([0-9a-fA-F]{1,8})$/.exec(line);
    if (parts === null) throw malformed();
    this.chunkBytes = Number.parseInt(parts[1]!, 16);
    this.chunkSignature = parts[2] ?? '';
    if (this.signed && this.chunkBytes > MAX_SIGNED_CHUNK_BYTES) throw malformed();
    if (this.chunkBytes > 0) {
      this.state = 'data';
      return;
    }
    if (this.signed) this.checkChunk(Buffer.alloc(0));
    // Both forms end with an empty line: after the trailer's lines, or right after the last chunk's size.
    this.state = 'trailer';
  }

  private readData(output: Buffer[]): boolean {
    if (this.pending.length === 0 || (this.signed && this.pending.length < this.chunkBytes)) return false;
    const data = this.pending.subarray(0, this.chunkBytes);
    if (this.signed) this.checkChunk(data);
    this.pending = this.pending.subarray(data.length);
    this.chunkBytes -= data.length;
    this.decodedBytes += data.length;
    if (this.decodedBytes > this.expectedBytes) throw malformed();
    for (const checksum of this.checksums.values()) checksum.update(data);
    output.push(data);
    if (this.chunkBytes === 0) this.state = 'data-end';
    return true;
  }

  private trailerLine(line: string): void {
    if (line === '') {
      if (this.signed && this.withTrailer) this.checkTrailer();
      this.state = 'done';
      return;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (!this.withTrailer || colon < 1 || this.trailers.has(name)) throw malformed();
    if (name === 'x-amz-trailer-signature') this.trailerSignature = value;
    else this.trailers.set(name, value);
  }

  private checkChunk(data: Buffer): void {
    this.check(this.chunkSignature, `AWS4-HMAC-SHA256-PAYLOAD\n${this.context()}\n${EMPTY_SHA256}\n${hash('sha256', data, 'hex')}`);
  }

  private checkTrailer(): void {
    const canonical = [...this.trailers].map(([name, value]) => `${name}:${value}\n`).join('');
    this.check(this.trailerSignature, `AWS4-HMAC-SHA256-TRAILER\n${this.context()}\n${hash('sha256', canonical, 'hex')}`);
  }

  private check(given: string, stringToSign: string): void {
    const expected = this.options.signingKey.digest(stringToSign);
    if (!/^[0-9a-f]{64}$/.test(given) || !timingSafeEqual(expected, Buffer.from(given, 'hex'))) throw invalidSignature();
    this.previousSignature = given;
  }

  private context(): string {
    return `${this.options.timestamp}\n${this.options.scope}\n${this.previousSignature}`;
  }

  private announced(): Set<string> {
    return new Set(
      (this.options.declaredTrailers ?? '')
        .split(',')
        .map((name) => name.trim().toLowerCase())
        .filter((name) => name !== ''),
    );
  }
}

interface Checksum {
  update(data: Buffer): void;
  /** Base64, as the trailer carries it. */
  digest(): string;
}

function checksumFor(name: string): Checksum {
  if (name === 'x-amz-checksum-sha256' || name === 'x-amz-checksum-sha1') {
    const digest: Hash = createHash(name === 'x-amz-checksum-sha1' ? 'sha1' : 'sha256');
    return { update: (data) => void digest.update(data), digest: () => digest.digest('base64') };
  }
  if (name === 'x-amz-checksum-crc32') {
    let value = 0;
    return {
      update: (data) => void (value = crc32(data, value)),
      digest: () => {
        const bytes = Buffer.alloc(4);
        bytes.writeUInt32BE(value);
        return bytes.toString('base64');
      },
    };
  }
  // A checksum that cannot be verified must not pass as verified.
  throw incompleteSignature(`Trailer ${name} is not supported: use x-amz-checksum-crc32, x-amz-checksum-sha1 or x-amz-checksum-sha256.`);
}

function malformed(): Error {
  return incompleteSignature('The aws-chunked body is malformed or does not match its X-Amz-Decoded-Content-Length and X-Amz-Trailer headers.');
}
