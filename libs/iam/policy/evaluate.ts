import { subjectArn } from './arn-pattern.js';
import type { AuthorisationRequest, Decision, PolicySet, PolicyType, Reason, StatementRef } from './decision.js';
import { matchStatement, type Subject } from './match-statement.js';
import type { Grant } from './principal-element.js';
import type { ParsedPolicy } from './parsed-policy.js';
import { conditionKeys } from './request-context.js';
import type { Meter } from './wildcard.js';

/** What the policies of one type say. */
interface Verdict {
  denies: boolean;
  /** The closest way in which an Allow names the principal; missing: no Allow matches. */
  allows: Grant | undefined;
}

const NEARNESS: Readonly<Record<Grant, number>> = { account: 1, role: 2, direct: 3 };
/** The order in which an explicit deny is told when several types of policy deny. */
const TYPES: readonly PolicyType[] = ['identity', 'resource', 'boundary', 'session'];

/**
 * Decides as AWS documents it (spec/iam-and-sts.md 3.1): pure, synchronous, and in time linear in the size of policies and request.
 * @param meter counts the cost of wildcards
 */
export function evaluate(request: AuthorisationRequest, policies: PolicySet, meter?: Meter): Decision {
  const subject = subjectOf(request, meter);
  const matched: StatementRef[] = [];
  const verdicts = {} as Record<PolicyType, Verdict | undefined>;
  for (const type of TYPES) verdicts[type] = verdictOf(type, policies[type], subject, matched);
  const missingContext = [...subject.missing].sort();
  const denier = TYPES.find((type) => verdicts[type]?.denies);
  if (denier !== undefined)
    return { effect: 'explicitDeny', matched, missingContext, reason: { kind: 'explicit-deny', type: denier } };
  const reason = weigh(request, verdicts);
  return { effect: reason.kind === 'allowed' ? 'allowed' : 'implicitDeny', matched, missingContext, reason };
}

export function subjectOf(request: AuthorisationRequest, meter?: Meter): Subject {
  return {
    principal: request.principal,
    action: request.action.toLowerCase(),
    resource: subjectArn(request.resource),
    context: conditionKeys(request.context),
    missing: new Set(),
    meter,
  };
}

function verdictOf(
  type: PolicyType,
  policies: readonly ParsedPolicy[] | undefined,
  subject: Subject,
  matched: StatementRef[],
): Verdict | undefined {
  if (policies === undefined) return undefined;
  const verdict: Verdict = { denies: false, allows: undefined };
  for (const policy of policies) {
    for (const statement of policy.statements) {
      const match = matchStatement(statement, subject);
      if (!match.matches) continue;
      matched.push({ type, policy, statement });
      if (statement.effect === 'Deny') verdict.denies = true;
      else if (verdict.allows === undefined || NEARNESS[match.grant] > NEARNESS[verdict.allows]) verdict.allows = match.grant;
    }
  }
  return verdict;
}

/** Nothing denies explicitly: is there enough that allows? */
function weigh(request: AuthorisationRequest, verdicts: Record<PolicyType, Verdict | undefined>): Reason {
  const { kind, accountId } = request.principal;
  const grant = verdicts.resource?.allows;
  if (kind === 'service' || kind === 'anonymous' || kind === 'federated')
    return grant === undefined ? noAllow('resource') : { kind: 'allowed', by: 'resource' };
  const sameAccount = accountId === request.resourceAccountId;
  if (sameAccount) {
    // The resource's owner names the user, the session or everybody: boundaries and session policies do not take that back.
    if (grant === 'direct') return { kind: 'allowed', by: 'resource' };
    if (request.needsResourcePolicy === true && grant === undefined) return noAllow('resource');
    if (grant === 'role') return limit(verdicts) ?? { kind: 'allowed', by: 'resource' };
  }
  // A root has no policies; neither boundary nor session policy can limit it but that of its own session.
  if (kind !== 'root' && verdicts.identity?.allows === undefined) return noAllow('identity');
  const limited = limit(verdicts);
  if (limited !== undefined) return limited;
  if (!sameAccount && grant === undefined) return noAllow('resource');
  if (!sameAccount || request.needsResourcePolicy === true) return { kind: 'allowed', by: 'identity-and-resource' };
  return { kind: 'allowed', by: kind === 'root' ? 'account-root' : 'identity' };
}

/** Boundary and session policy allow nothing by themselves; each must allow too where it is present. */
function limit(verdicts: Record<PolicyType, Verdict | undefined>): Reason | undefined {
  if (verdicts.boundary !== undefined && verdicts.boundary.allows === undefined) return noAllow('boundary');
  if (verdicts.session !== undefined && verdicts.session.allows === undefined) return noAllow('session');
  return undefined;
}

function noAllow(type: PolicyType): Reason {
  return { kind: 'no-allow', type };
}
