import type { AuthorisationRequest, Decision, PolicySet, PolicyType } from './decision.js';
import { subjectOf } from './evaluate.js';
import { matchStatement, type StatementMatch } from './match-statement.js';
import type { ParsedPolicy, Statement } from './parsed-policy.js';

/** AWS's words for the types of policies, with the article of "explicit deny in". */
const WORDS: Readonly<Record<PolicyType | 'trust', readonly [denying: string, missing: string]>> = {
  identity: ['an identity-based policy', 'identity-based policy'],
  resource: ['a resource-based policy', 'resource-based policy'],
  boundary: ['a permissions boundary', 'permissions boundary'],
  session: ['a session policy', 'session policy'],
  trust: ['the role trust policy', 'role trust policy'],
};

const TITLES: Readonly<Record<PolicyType, string>> = {
  identity: 'Identity policies',
  resource: 'Policy of the resource',
  boundary: 'Permissions boundary',
  session: 'Session policies',
};

/** The text a denied caller gets, in AWS's words (spec/iam-and-sts.md 3.1): which type of policy denied, not which policy. */
export function denialText(request: AuthorisationRequest, decision: Decision): string {
  const { principal, action, resource } = request;
  const who = principal.kind === 'anonymous' ? 'anonymous' : principal.arn;
  return `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${because(request, decision)}`;
}

function because(request: AuthorisationRequest, { reason }: Decision): string {
  if (reason.kind === 'allowed') throw new TypeError('The request is allowed');
  const [denying, missing] = WORDS[reason.type === 'resource' && request.needsResourcePolicy === true ? 'trust' : reason.type];
  return reason.kind === 'explicit-deny'
    ? `with an explicit deny in ${denying}`
    : `because no ${missing} allows the ${request.action} action`;
}

/** The operator's answer to "why": the decision, and for each statement about the action, whether it matched or what kept it from it. */
export function explain(request: AuthorisationRequest, policies: PolicySet, decision: Decision): string {
  const subject = subjectOf(request);
  const lines = [
    `${decision.effect}: ${request.principal.arn} ${request.action} on ${request.resource}: ${summary(request, decision)}`,
  ];
  for (const type of ['identity', 'resource', 'boundary', 'session'] as const) {
    const list = policies[type];
    if (list === undefined) continue;
    lines.push(`${TITLES[type]}: ${list.length === 0 ? 'none' : ''}`.trimEnd());
    for (const policy of list) lines.push(...policyLines(policy, (statement) => matchStatement(statement, subject)));
  }
  if (decision.missingContext.length > 0)
    lines.push(`Condition keys that the request does not have: ${decision.missingContext.join(', ')}`);
  return lines.join('\n');
}

function summary(request: AuthorisationRequest, decision: Decision): string {
  const { reason } = decision;
  if (reason.kind !== 'allowed') return because(request, decision);
  switch (reason.by) {
    case 'identity':
      return 'allowed by an identity-based policy';
    case 'resource':
      return 'allowed by the policy of the resource, which names the caller';
    case 'identity-and-resource':
      return 'allowed by an identity-based policy and by the policy of the resource';
    case 'account-root':
      return 'the root of an account may do everything in it';
  }
}

function policyLines(policy: ParsedPolicy, match: (statement: Statement) => StatementMatch): string[] {
  const lines = policy.statements.flatMap((statement) => {
    const outcome = match(statement);
    // Statements about other actions explain nothing, and there may be thousands.
    if (!outcome.matches && outcome.differs === 'action') return [];
    return [`    ${statementName(statement)} ${statement.effect}: ${outcomeText(outcome)}`];
  });
  return [`  ${policy.name}: ${lines.length === 0 ? 'no statement about this action' : ''}`.trimEnd(), ...lines];
}

export function statementName({ index, sid }: Statement): string {
  return sid === undefined || sid === '' ? `statement ${index + 1}` : `statement ${index + 1} (${sid})`;
}

function outcomeText(outcome: StatementMatch): string {
  if (outcome.matches) return 'matches';
  if (outcome.differs !== 'condition') return `does not match: another ${outcome.differs}`;
  return `does not match: condition ${outcome.condition.operator} ${outcome.condition.key} is false`;
}
