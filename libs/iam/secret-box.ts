import { decrypt, encrypt, KEY_BYTES, SealError } from './keyring/authenticated-encryption.js';

export { SealError };

export interface SecretBoxOptions {
  /** Version written into new values, 1 to 255. */
  currentVersion?: number;
  /** Keys of earlier versions, 32 bytes each, to open what they sealed. */
  previous?: Readonly<Record<number, Buffer>>;
}

/** Seals with one key at hand; the header is its version (1 byte, never 0: see keyring/sealed-form.ts). */
export class SecretBox {
  private readonly version: number;
  private readonly keys = new Map<number, Buffer>();

  constructor(key: Buffer, options: SecretBoxOptions = {}) {
    this.version = options.currentVersion ?? 1;
    for (const [version, previous] of Object.entries(options.previous ?? {})) this.keys.set(Number(version), previous);
    this.keys.set(this.version, key);
    for (const [version, each] of this.keys) {
      if (each.length !== KEY_BYTES || version < 1 || version > 255) throw new Error('A key has 32 bytes and a version from 1 to 255');
    }
  }

  /** @param context what the value is and whose, for instance `access-key/AKIA...`: needed again to open it */
  seal(plain: Uint8Array, context: string): Buffer {
    return encrypt(this.keys.get(this.version)!, Buffer.of(this.version), plain, context);
  }

  /** @throws SealError */
  open(sealed: Uint8Array, context: string): Buffer {
    const key = this.keys.get(sealed[0] ?? 0);
    if (key === undefined) throw new SealError(`No key of version ${sealed[0] ?? 'none'} to open ${context}`);
    return decrypt(key, 1, sealed, context);
  }
}
