import { parsePolicy } from '../policy/index.js';
import type { PolicyDocuments } from './parts.js';

/** Documents that the evaluator understands. */
export const policyDocuments: PolicyDocuments = {
  checkIdentityPolicy: (document) => void parsePolicy(document, { kind: 'identity', name: '' }),
  checkTrustPolicy: (document) => void parsePolicy(document, { kind: 'trust', name: '' }),
};
