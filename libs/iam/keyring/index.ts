export { accessKeySecrets } from './access-key-secrets.js';
export { listKeys, type KeySummary, type NamedKey } from './key-table.js';
export { Keyring, UnknownKeyError, type KeyringOptions } from './keyring.js';
export type { SecretSealer } from './secret-sealer.js';
export { createKey, outdated, rewrapDataKeys, rotateKeys, type Rotated, type RotationOptions, type SealedValues } from './rotation.js';
