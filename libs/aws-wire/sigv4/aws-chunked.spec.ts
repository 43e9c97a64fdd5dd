import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { ServiceError } from '@hearth/kernel';
import fc from 'fast-check';
import { AwsChunkedDecoder, STREAMING_SIGNED, STREAMING_SIGNED_TRAILER, STREAMING_UNSIGNED_TRAILER } from './aws-chunked.js';
import { deriveSigningKey, SigningHmac } from './signing-keys.js';

const SCOPE = { date: '20130524', region: 'us-east-1', service: 's3' };
const BASE = {
  signingKey: new SigningHmac(deriveSigningKey('wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', SCOPE)),
  seedSignature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  timestamp: '20130524T000000Z',
  scope: '20130524/us-east-1/s3/aws4_request',
};
const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

/** Encodes as a client does, chunk by chunk. */
function encodeSigned(chunks: Buffer[], trailer?: [string, string]): Buffer {
  let previous = BASE.seedSignature;
  const parts: Buffer[] = [];
  for (const chunk of [...chunks, Buffer.alloc(0)]) {
    previous = BASE.signingKey.digest(`AWS4-HMAC-SHA256-PAYLOAD\n${BASE.timestamp}\n${BASE.scope}\n${previous}\n${sha256('')}\n${sha256(chunk)}`).toString('hex');
    parts.push(Buffer.from(`${chunk.length.toString(16)};chunk-signature=${previous}\r\n`), chunk);
    if (chunk.length > 0) parts.push(Buffer.from('\r\n'));
  }
  if (trailer !== undefined) {
    const signature = BASE.signingKey.digest(`AWS4-HMAC-SHA256-TRAILER\n${BASE.timestamp}\n${BASE.scope}\n${previous}\n${sha256(`${trailer[0]}:${trailer[1]}\n`)}`).toString('hex');
    parts.push(Buffer.from(`${trailer[0]}:${trailer[1]}\r\nx-amz-trailer-signature:${signature}\r\n`));
  }
  return Buffer.concat([...parts, Buffer.from('\r\n')]);
}

function encodeUnsigned(chunks: Buffer[], trailer: [string, string]): Buffer {
  const parts = chunks.flatMap((chunk) => [Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n')]);
  return Buffer.concat([...parts, Buffer.from(`0\r\n${trailer[0]}:${trailer[1]}\r\n\r\n`)]);
}

function crcTrailer(data: Buffer): [string, string] {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(data));
  return ['x-amz-checksum-crc32', bytes.toString('base64')];
}

function decode(contentSha256: string, body: Buffer, decodedLength: number, pieces: number, declaredTrailers?: string): Buffer {
  const decoder = new AwsChunkedDecoder({ ...BASE, contentSha256, decodedLength: String(decodedLength), declaredTrailers });
  const output: Buffer[] = [];
  for (let offset = 0; offset < body.length; offset += pieces) output.push(...decoder.push(body.subarray(offset, offset + pieces)));
  decoder.end();
  return Buffer.concat(output);
}

it('decodes the example of the S3 documentation: 65 KB in two chunks', () => {
  const first = Buffer.alloc(65_536, 'a');
  const second = Buffer.alloc(1_024, 'a');
  const body = encodeSigned([first, second]);
  expect(body.toString('latin1')).toContain('10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n');
  expect(body.toString('latin1')).toContain('400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n');
  expect(body.toString('latin1')).toContain('0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n');
  expect(decode(STREAMING_SIGNED, body, 66_560, 1_000)).toHaveLength(66_560);
});

const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes)), { maxLength: 4 });

it('gives the data back in all three forms, however the body is cut', () => {
  fc.assert(
    fc.property(chunks, fc.integer({ min: 1, max: 50 }), (parts, pieces) => {
      const data = Buffer.concat(parts);
      const trailer = crcTrailer(data);
      expect(decode(STREAMING_SIGNED, encodeSigned(parts), data.length, pieces)).toEqual(data);
      expect(decode(STREAMING_SIGNED_TRAILER, encodeSigned(parts, trailer), data.length, pieces, trailer[0])).toEqual(data);
      expect(decode(STREAMING_UNSIGNED_TRAILER, encodeUnsigned(parts, trailer), data.length, pieces, trailer[0])).toEqual(data);
    }),
    { numRuns: 300 },
  );
});

it('refuses every change of one byte, every cut and every addition', () => {
  fc.assert(
    fc.property(chunks.filter((parts) => parts.length > 0), fc.nat(), fc.integer({ min: 1, max: 255 }), (parts, position, bits) => {
      const data = Buffer.concat(parts);
      const trailer = crcTrailer(data);
      for (const [form, body, declared] of [
        [STREAMING_SIGNED, encodeSigned(parts), undefined],
        [STREAMING_SIGNED_TRAILER, encodeSigned(parts, trailer), trailer[0]],
        [STREAMING_UNSIGNED_TRAILER, encodeUnsigned(parts, trailer), trailer[0]],
      ] as const) {
        const changed = Buffer.from(body);
        changed[position % body.length]! ^= bits;
        // Upper-case hex digits and header names, and blanks before a value, mean the same.
        if (decodesTo(form, changed, data, declared)) expect(changed.toString('latin1').toLowerCase()).toBe(body.toString('latin1').toLowerCase());
        expect(() => decode(form, body.subarray(0, body.length - 1), data.length, 7, declared)).toThrow(ServiceError);
        expect(() => decode(form, Buffer.concat([body, Buffer.from('x')]), data.length, 7, declared)).toThrow(ServiceError);
        expect(() => decode(form, body, data.length + 1, 7, declared)).toThrow(ServiceError);
      }
    }),
    { numRuns: 300 },
  );
});

function decodesTo(form: string, body: Buffer, data: Buffer, declared: string | undefined): boolean {
  try {
    return decode(form, body, data.length, 7, declared).equals(data) || fail('Changed data was accepted');
  } catch (error) {
    if (error instanceof ServiceError) return false;
    throw error;
  }
}

function fail(message: string): never {
  throw new Error(message);
}

it('refuses a trailer that was not announced, and a checksum it cannot verify', () => {
  const data = Buffer.from('abc');
  expect(() => decode(STREAMING_UNSIGNED_TRAILER, encodeUnsigned([data], crcTrailer(data)), 3, 9)).toThrow(ServiceError);
  expect(() => decode(STREAMING_UNSIGNED_TRAILER, encodeUnsigned([data], ['x-amz-checksum-crc64nvme', 'AA==']), 3, 9, 'x-amz-checksum-crc64nvme')).toThrow(/not supported/);
});
