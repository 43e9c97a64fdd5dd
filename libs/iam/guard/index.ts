export { Guard, type Explanation, type ForeignPrincipal, type GuardOptions } from './guard.js';
export { conditionKeysOf, type RequestFacts } from './request-keys.js';
