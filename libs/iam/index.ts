export { SealError, SecretBox, type SecretBoxOptions } from './secret-box.js';
export { deriveKey, loadMasterKey, type MasterKeyOptions } from './master-key.js';
export { accountRootArn, type AccessKey } from './access-key.js';
export { KeyStore, type KeyStoreOptions, type NewAccessKey } from './key-store.js';
export { authorise, type Principal } from './authorise.js';
export { ensureAdministrator, type Administrator, type AdministratorOptions } from './administrator.js';
