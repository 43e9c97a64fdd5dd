import type { Principal } from './principal-element.js';
import type { ParsedPolicy, Statement } from './parsed-policy.js';
import type { ConditionKeys, ContextValues } from './request-context.js';

/** The question: may this principal do this to that? */
export interface AuthorisationRequest {
  principal: Principal;
  /** `lambda:InvokeFunction`; compared without regard to case. */
  action: string;
  /** ARN as requested, or `*` when the operation has no resource. */
  resource: string;
  /** Owner of the resource; the caller's own account for `*`. */
  resourceAccountId: string;
  context: ContextValues | ConditionKeys;
  /** Nothing is allowed without the resource's policy, not even in its own account: the trust policy at AssumeRole. */
  needsResourcePolicy?: boolean;
}

/** All policies that bear on a request. */
export interface PolicySet {
  /** Those of the principal and its groups. The account's root is allowed everything in its account without any. */
  identity: readonly ParsedPolicy[];
  /** The policy of the resource (trust policy of a role, policy of a function). */
  resource?: readonly ParsedPolicy[];
  /** Missing: no boundary is set. Empty: one is set and allows nothing. */
  boundary?: readonly ParsedPolicy[];
  /** Missing: the session has no policy of its own. Empty: it has, and it allows nothing. */
  session?: readonly ParsedPolicy[];
}

export type PolicyType = 'identity' | 'resource' | 'boundary' | 'session';

/** A statement that matched. */
export interface StatementRef {
  type: PolicyType;
  policy: ParsedPolicy;
  statement: Statement;
}

export type Reason =
  /** A Deny of this type of policy matched. */
  | { kind: 'explicit-deny'; type: PolicyType }
  /** Policies of this type had to allow and did not. */
  | { kind: 'no-allow'; type: PolicyType }
  /** `account-root`: the root of the resource's account needs no policy. */
  | { kind: 'allowed'; by: 'identity' | 'resource' | 'identity-and-resource' | 'account-root' };

export interface Decision {
  effect: 'allowed' | 'implicitDeny' | 'explicitDeny';
  /** Every statement that matched, allowing and denying, in the order identity, resource, boundary, session. */
  matched: readonly StatementRef[];
  /** Condition keys, in lower case and sorted, that statements about this action (and resource) ask for and the request does not have. */
  missingContext: readonly string[];
  reason: Reason;
}
