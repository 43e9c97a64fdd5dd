import type { IamParts } from '../api/parts.js';
import type { PrincipalPolicyStore } from '../store/principal-policies.js';
import type { PolicyEngine } from './policy-engine.js';

/** What the operations of STS are made of. */
export interface StsParts extends IamParts {
  principals: PrincipalPolicyStore;
  engine: PolicyEngine;
}
