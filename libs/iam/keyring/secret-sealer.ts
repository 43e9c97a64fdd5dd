import type { NamedKey } from './key-table.js';

/** Seals secrets at rest: the Keyring, or a SecretBox where one key is at hand. */
export interface SecretSealer {
  /** @param context what the value is and whose, for instance `access-key/AKIA...`: needed again to open it */
  seal(plain: Uint8Array, context: string, key?: NamedKey): Buffer | Promise<Buffer>;
  /** @throws SealError */
  open(sealed: Uint8Array, context: string): Buffer | Promise<Buffer>;
  /** Whether the account has this key; absent: there are no named keys. */
  hasKey?(key: NamedKey): Promise<boolean>;
}
