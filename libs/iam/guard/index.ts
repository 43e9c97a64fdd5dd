export { Guard, type Explanation, type ForeignPrincipal, type GuardOptions } from './guard.js';
export type { RequestFacts } from './request-keys.js';
