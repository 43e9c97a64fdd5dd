/** Injection tokens of what is made once per process and is not a class of its own. */
export const SETTINGS = Symbol('Settings');
export const TELEMETRY = Symbol('Telemetry');
export const DATABASE = Symbol('Database');
export const QUEUE = Symbol('QueueConnection');
export const SECRETS = Symbol('Keyring');
export const MASTER_KEY = Symbol('MasterKey');
export const PACKAGES = Symbol('PackageStore');
export const RUNTIMES = Symbol('RuntimeCatalogue');
export const CATALOGUE = Symbol('Catalogue');
export const INVOCATION = Symbol('Invocation');
export const API_ADDRESS = Symbol('ApiAddress');
export const SANDBOX_POOL = Symbol('SandboxPool');
