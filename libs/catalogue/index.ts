export { FUNCTION_RESOLVER, type FunctionResolver, type InvocableVersion } from './function-version.js';
export { parseFunctionReference, type CallerPlace, type FunctionReference } from './parse-function-name.js';
export { createCatalogue, type Catalogue, type CatalogueOptions } from './catalogue.js';
export { ACCOUNT_CONCURRENCY_LIMIT } from './account-limits.js';
export type { SecretSealer } from './environment.js';
export type { CodeLink, LinkedCode } from './parts.js';
export type { Prepare, PreparedVersion } from './preparations.js';
