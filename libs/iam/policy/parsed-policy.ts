import type { ActionPatterns } from './action-patterns.js';
import type { ArnPattern } from './arn-pattern.js';
import type { Condition } from './condition.js';
import type { PrincipalElement } from './principal-element.js';

/** Where a policy is used; decides its grammar. Boundaries and session policies have the grammar of identity policies. */
export type PolicyKind = 'identity' | 'resource' | 'trust';

/** A policy made ready for evaluation. */
export interface ParsedPolicy {
  kind: PolicyKind;
  /** What denials and simulations call it: the ARN of a managed policy, the name of an inline one. */
  name: string;
  version: '2008-10-17' | '2012-10-17';
  statements: readonly Statement[];
  /** The document as it was given. */
  document: string;
}

export interface Statement {
  /** From 0, in the order of the document. */
  index: number;
  sid?: string;
  effect: 'Allow' | 'Deny';
  actions: ActionPatterns;
  notActions: boolean;
  /** Missing in trust policies. */
  resources?: ResourcePatterns;
  notResources: boolean;
  /** Missing in identity policies. */
  principals?: PrincipalElement;
  notPrincipals: boolean;
  conditions: readonly Condition[];
}

export interface ResourcePatterns {
  /** Patterns without wildcards and variables. */
  exact: ReadonlySet<string>;
  patterns: readonly ArnPattern[];
  /** Condition keys of variables without a default; lower case. */
  requiredKeys: readonly string[];
}
