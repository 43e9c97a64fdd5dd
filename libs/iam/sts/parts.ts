import type { IamParts } from '../api/parts.js';
import type { PrincipalPolicyStore } from '../store/principal-policies.js';

/** What the operations of STS are made of. */
export interface StsParts extends IamParts {
  principals: PrincipalPolicyStore;
}
