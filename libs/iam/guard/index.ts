export { Guard, type Explanation, type ForeignPrincipal, type GuardOptions, type ResourcePolicies } from './guard.js';
export { conditionKeysOf, type RequestFacts } from './request-keys.js';
