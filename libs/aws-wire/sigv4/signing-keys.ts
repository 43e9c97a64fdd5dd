import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { CredentialScope } from './presented-signature.js';

const MAX_CACHED = 10_000;

/** Derived signing keys: four HMACs saved on every request of a key on one day. Key objects, because Node takes 8 times as long with bytes. */
export class SigningKeyCache {
  private readonly entries = new Map<string, { secret: string; key: KeyObject }>();

  get(scope: CredentialScope, secret: string): KeyObject {
    const id = `${scope.accessKeyId}/${scope.date}/${scope.region}/${scope.service}`;
    const cached = this.entries.get(id);
    if (cached !== undefined && cached.secret === secret) return cached.key;
    const key = createSecretKey(deriveSigningKey(secret, scope));
    // Oldest first: yesterday's keys leave before today's.
    if (this.entries.size >= MAX_CACHED) this.entries.delete(this.entries.keys().next().value!);
    this.entries.set(id, { secret, key });
    return key;
  }
}

export function deriveSigningKey(secret: string, scope: Omit<CredentialScope, 'accessKeyId'>): Buffer {
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, scope.date), scope.region), scope.service), 'aws4_request');
}

export function hmac(key: string | Buffer | KeyObject, text: string | Buffer): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
