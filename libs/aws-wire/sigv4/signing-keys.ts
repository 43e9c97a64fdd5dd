import { createHmac, hash } from 'node:crypto';
import type { CredentialScope } from './presented-signature.js';

const MAX_CACHED = 10_000;

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
/** More than any string to sign takes. */
const SCRATCH_BYTES = 2_048;

/**
 * HMAC-SHA256 with one key for many short texts (RFC 2104): both padded keys stand ready and each hash is one call, which takes a
 * third of Node's Hmac objects.
 */
export class SigningHmac {
  private readonly inner = Buffer.alloc(BLOCK_BYTES + SCRATCH_BYTES);
  private readonly outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);

  /** @param key at most 64 bytes */
  constructor(private readonly key: Buffer) {
    for (let index = 0; index < BLOCK_BYTES; index++) {
      const byte = key[index] ?? 0;
      this.inner[index] = byte ^ 0x36;
      this.outer[index] = byte ^ 0x5c;
    }
  }

  digest(text: string): Buffer {
    const bytes = Buffer.byteLength(text);
    if (bytes > SCRATCH_BYTES) return hmac(this.key, text);
    this.inner.write(text, BLOCK_BYTES, 'utf8');
    this.outer.write(hash('sha256', this.inner.subarray(0, BLOCK_BYTES + bytes), 'binary'), BLOCK_BYTES, 'latin1');
    return Buffer.from(hash('sha256', this.outer, 'binary'), 'latin1');
  }
}

/** Derived signing keys: four HMACs saved on every request of a key on one day. */
export class SigningKeyCache {
  private readonly entries = new Map<string, { secret: string; key: SigningHmac }>();

  get(scope: CredentialScope, secret: string): SigningHmac {
    const id = `${scope.accessKeyId}/${scope.date}/${scope.region}/${scope.service}`;
    const cached = this.entries.get(id);
    if (cached !== undefined && cached.secret === secret) return cached.key;
    const key = new SigningHmac(deriveSigningKey(secret, scope));
    // Oldest first: yesterday's keys leave before today's.
    if (this.entries.size >= MAX_CACHED) this.entries.delete(this.entries.keys().next().value!);
    this.entries.set(id, { secret, key });
    return key;
  }
}

export function deriveSigningKey(secret: string, scope: Omit<CredentialScope, 'accessKeyId'>): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, scope.date), scope.region), scope.service), 'aws4_request');
}

export function hmac(key: string | Buffer, text: string | Buffer): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
