import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/*
 * Sealed form: key version (1 byte) | nonce (12) | ciphertext | tag (16). AES-256-GCM; the version byte and the context are
 * authenticated, so that a sealed value cannot be moved to another row or column.
 */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES;
const ALGORITHM = 'aes-256-gcm';

/** A sealed value cannot be opened: another master key, another context, or damage. */
export class SealError extends Error {
  override readonly name = 'SealError';
}

export interface SecretBoxOptions {
  /** Version written into new values, 1 to 255. */
  currentVersion?: number;
  /** Keys of earlier versions, 32 bytes each, to open what they sealed. */
  previous?: Readonly<Record<number, Buffer>>;
}

/** Encrypts secrets at rest with the master key. */
export class SecretBox {
  private readonly version: number;
  private readonly keys = new Map<number, Buffer>();

  constructor(masterKey: Buffer, options: SecretBoxOptions = {}) {
    this.version = options.currentVersion ?? 1;
    for (const [version, key] of Object.entries(options.previous ?? {})) this.keys.set(Number(version), key);
    this.keys.set(this.version, masterKey);
    for (const [version, key] of this.keys) {
      if (key.length !== 32 || version < 1 || version > 255) throw new Error('A master key has 32 bytes and a version from 1 to 255');
    }
  }

  /** @param context what the value is and whose, for instance `access-key/AKIA...`: needed again to open it */
  seal(plain: Uint8Array, context: string): Buffer {
    const header = Buffer.concat([Buffer.of(this.version), randomBytes(NONCE_BYTES)]);
    const cipher = createCipheriv(ALGORITHM, this.keys.get(this.version)!, header.subarray(1), { authTagLength: TAG_BYTES });
    cipher.setAAD(additionalData(this.version, context));
    return Buffer.concat([header, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws SealError */
  open(sealed: Uint8Array, context: string): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const key = this.keys.get(bytes[0] ?? 0);
    if (key === undefined || bytes.length < HEADER_BYTES + TAG_BYTES) throw new SealError(`No key of version ${bytes[0] ?? 'none'} to open ${context}`);
    const decipher = createDecipheriv(ALGORITHM, key, bytes.subarray(1, HEADER_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(additionalData(bytes[0]!, context));
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
    try {
      return Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES, bytes.length - TAG_BYTES)), decipher.final()]);
    } catch (error) {
      throw new SealError(`The sealed value of ${context} does not belong to this master key, or is damaged`, { cause: error });
    }
  }
}

function additionalData(version: number, context: string): Buffer {
  return Buffer.concat([Buffer.of(version), Buffer.from(context)]);
}
