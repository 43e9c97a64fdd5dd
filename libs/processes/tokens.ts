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
export const DURABLE = Symbol('Durable');
export const INVOCATION = Symbol('Invocation');
export const API_ADDRESS = Symbol('ApiAddress');
/** What this machine's engine has and gets for container-image functions; null without an engine. */
export const ENGINE_IMAGES = Symbol('EngineImages');
export const IMAGE_WORKER = Symbol('ImageWorker');
export const SANDBOX_POOL = Symbol('SandboxPool');
