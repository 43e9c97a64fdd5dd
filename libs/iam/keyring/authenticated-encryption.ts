import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/*
 * AES-256-GCM. Form: header | nonce (12) | ciphertext | tag (16). The header tells which key; header and context are authenticated, so
 * that a sealed value cannot be moved to another row or column, nor be said to be of another key.
 */
export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = 'aes-256-gcm';

/** A sealed value cannot be opened: another key, another context, or damage. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

/** @param context what the value is and whose, for instance `access-key/AKIA...`: needed again to open it */
export function encrypt(key: Buffer, header: Buffer, plain: Uint8Array, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.concat([header, Buffer.from(context)]));
  return Buffer.concat([header, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws SealError */
export function decrypt(key: Buffer, headerBytes: number, sealed: Uint8Array, context: string): Buffer {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const begin = headerBytes + NONCE_BYTES;
  if (bytes.length < begin + TAG_BYTES) throw new SealError(`The sealed value of ${context} is too short`);
  const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(headerBytes, begin), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.concat([bytes.subarray(0, headerBytes), Buffer.from(context)]));
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(begin, bytes.length - TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw new SealError(`The sealed value of ${context} does not belong to this key, or is damaged`, { cause: error });
  }
}
