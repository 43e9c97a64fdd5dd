import type { SubjectArn } from './arn-pattern.js';
import type { Condition } from './condition.js';
import { grantOf, spares, type Grant, type Principal } from './principal-element.js';
import type { ResourcePatterns, Statement } from './parsed-policy.js';
import type { ConditionKeys } from './request-context.js';
import type { Meter } from './wildcard.js';

/** A request made ready to be held against many statements. */
export interface Subject {
  principal: Principal;
  /** Lower case. */
  action: string;
  resource: SubjectArn;
  context: ConditionKeys;
  /** Collects the keys that were asked for and not there. */
  missing: Set<string>;
  meter?: Meter | undefined;
}

/** Whether a statement matches, and if not, its first element that does not. */
export type StatementMatch =
  | { matches: true; grant: Grant }
  | { matches: false; differs: 'principal' | 'action' | 'resource' }
  | { matches: false; differs: 'condition'; condition: Condition };

const NO_PRINCIPAL: StatementMatch = { matches: false, differs: 'principal' };
const NO_ACTION: StatementMatch = { matches: false, differs: 'action' };
const NO_RESOURCE: StatementMatch = { matches: false, differs: 'resource' };
const MATCH: Readonly<Record<Grant, StatementMatch>> = {
  direct: { matches: true, grant: 'direct' },
  role: { matches: true, grant: 'role' },
  account: { matches: true, grant: 'account' },
};

export function matchStatement(statement: Statement, subject: Subject): StatementMatch {
  if (statement.actions.include(subject.action, subject.meter) === statement.notActions) return NO_ACTION;
  const grant = principalGrant(statement, subject.principal);
  if (grant === undefined) return NO_PRINCIPAL;
  if (statement.resources !== undefined && !resourceMatches(statement.resources, statement.notResources, subject))
    return NO_RESOURCE;
  for (const { requiredKeys } of statement.conditions) noteMissing(requiredKeys, subject);
  const { context, meter } = subject;
  const failed = statement.conditions.find((condition) => !condition.holds(context, meter));
  return failed === undefined ? MATCH[grant] : { matches: false, differs: 'condition', condition: failed };
}

function principalGrant({ principals, notPrincipals, effect }: Statement, principal: Principal): Grant | undefined {
  if (principals === undefined) return 'direct';
  if (!notPrincipals) return grantOf(principals, principal);
  // An Allow for all but some must not let one of those in by the back door of its account: any of its names excludes it.
  const excluded = effect === 'Deny' ? spares(principals, principal) : grantOf(principals, principal) !== undefined;
  return excluded ? undefined : 'direct';
}

/** A pattern whose variable has no value matches nothing; NotResource with such a pattern matches nothing either. */
function resourceMatches({ exact, patterns, requiredKeys }: ResourcePatterns, negated: boolean, subject: Subject): boolean {
  noteMissing(requiredKeys, subject);
  const { resource, context, meter } = subject;
  if (exact.has(resource.text)) return !negated;
  let unresolved = false;
  for (const pattern of patterns) {
    const matched = pattern.matches(resource, context, meter);
    if (matched === true) return !negated;
    if (matched === undefined) unresolved = true;
  }
  return negated && !unresolved;
}

function noteMissing(keys: readonly string[], { context, missing }: Subject): void {
  for (const key of keys) if (context.values(key) === undefined) missing.add(key);
}
