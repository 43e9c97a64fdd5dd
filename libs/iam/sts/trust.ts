import { evaluate, parsePolicy, type ParsedPolicy, type PolicySet, type Principal } from '../policy/index.js';
import type { PolicySource, PrincipalPolicies } from '../store/principal-policies.js';

/** Who wants to become a role, and what its trust policy sees of the request. */
export interface Assumption {
  caller: PrincipalPolicies;
  /** `sts:AssumeRole`, `sts:TagSession`, `sts:SetSourceIdentity` */
  action: string;
  roleArn: string;
  roleAccountId: string;
  /** JSON text. */
  trustPolicy: string;
  context: Record<string, string[]>;
}

/**
 * The rule for roles, which is stricter than that for other resource policies (spec/iam-and-sts.md 3.1): the trust policy must
 * always allow, so identity policies alone never suffice. In the same account it suffices when it names the principal; when it
 * names the account, or when the role is of another account, the identity side must allow too. A deny anywhere wins.
 */
export function mayAssume({ caller, action, roleArn, roleAccountId, trustPolicy, context }: Assumption): boolean {
  const policies: PolicySet = {
    identity: parsed(caller.identity),
    resource: [trust(roleArn, trustPolicy)],
    ...(caller.boundary === undefined ? {} : { boundary: parsed(caller.boundary) }),
    ...(caller.session === undefined ? {} : { session: parsed(caller.session) }),
  };
  const request = {
    principal: principalOf(caller),
    action,
    resource: roleArn,
    resourceAccountId: roleAccountId,
    context: { ...context, ...principalKeys(caller) },
    needsResourcePolicy: true,
  };
  return evaluate(request, policies).effect === 'allowed';
}

/** Whether a service may assume the role by itself: services have no identity policies. */
export function serviceMayAssume(service: string, role: { arn: string; accountId: string; trustPolicy: string }): boolean {
  const principal: Principal = { kind: 'service', arn: service, accountId: '' };
  const request = {
    principal,
    action: 'sts:AssumeRole',
    resource: role.arn,
    resourceAccountId: role.accountId,
    context: { 'aws:SourceAccount': [role.accountId] },
  };
  return evaluate(request, { identity: [], resource: [trust(role.arn, role.trustPolicy)] }).effect === 'allowed';
}

/** As policies name it. */
export function principalOf(caller: PrincipalPolicies): Principal {
  const uniqueId = caller.kind === 'root' ? undefined : caller.userId.split(':')[0];
  return {
    kind: caller.kind,
    arn: caller.arn,
    accountId: caller.accountId,
    ...(caller.roleArn === undefined ? {} : { roleArn: caller.roleArn }),
    ...(uniqueId === undefined ? {} : { uniqueId }),
  };
}

function parsed(sources: PolicySource[]): ParsedPolicy[] {
  return sources.map(({ id, document }) => parsePolicy(document, { kind: 'identity', name: id }));
}

function trust(roleArn: string, document: string): ParsedPolicy {
  return parsePolicy(document, { kind: 'trust', name: roleArn });
}

const PRINCIPAL_TYPE = { root: 'Account', user: 'User', 'assumed-role': 'AssumedRole', role: 'Role' } as const;

/** Condition keys that follow from the principal (spec/iam-and-sts.md 3). */
export function principalKeys(caller: PrincipalPolicies): Record<string, string[]> {
  return {
    // Sessions show their role here: aws:PrincipalArn is the same for every session of a role.
    'aws:PrincipalArn': [caller.kind === 'assumed-role' ? caller.roleArn! : caller.arn],
    'aws:PrincipalAccount': [caller.accountId],
    'aws:PrincipalType': [PRINCIPAL_TYPE[caller.kind]],
    'aws:userid': [caller.userId],
    ...(caller.userName === undefined ? {} : { 'aws:username': [caller.userName] }),
    ...(caller.sourceIdentity === undefined ? {} : { 'aws:SourceIdentity': [caller.sourceIdentity] }),
    ...(caller.sourceFunctionArn === undefined ? {} : { 'lambda:SourceFunctionArn': [caller.sourceFunctionArn] }),
    ...(caller.issuedAt === undefined ? {} : { 'aws:TokenIssueTime': [new Date(caller.issuedAt).toISOString()] }),
    ...Object.fromEntries(caller.tags.map(({ Key, Value }) => [`aws:PrincipalTag/${Key}`, [Value]])),
  };
}
