import type { PrincipalPolicies } from '../store/principal-policies.js';
import type { EnginePrincipal, EngineRequest, PolicyEngine } from './policy-engine.js';

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

/** No account has it: as the owner of a resource it makes the evaluator ask for both sides. */
const ANOTHER_ACCOUNT = '';

/**
 * The rule for roles, which is stricter than that for other resource policies (spec/iam-and-sts.md 3.1): the trust policy must
 * always allow, so identity policies alone never suffice. In the same account it suffices when it names the principal; when it
 * names the account, or when the role is of another account, the identity side must allow too. A deny anywhere wins.
 */
export function mayAssume<P>(engine: PolicyEngine<P>, { caller, action, roleArn, roleAccountId, trustPolicy, context }: Assumption): boolean {
  const parsed = (sources: { document: string }[]): P[] => sources.map(({ document }) => engine.parse(document));
  const limits = {
    resource: [engine.parse(trustPolicy)],
    ...(caller.boundary === undefined ? {} : { boundary: parsed(caller.boundary) }),
    ...(caller.session === undefined ? {} : { session: parsed(caller.session) }),
  };
  const identity = parsed(caller.identity);
  const principal: EnginePrincipal = { arn: caller.arn, accountId: caller.accountId, kind: caller.kind };
  const request: EngineRequest = { principal, action, resource: roleArn, resourceAccountId: roleAccountId, context: { ...context, ...principalKeys(caller) } };
  const both = engine.evaluate({ ...request, resourceAccountId: ANOTHER_ACCOUNT }, { identity, ...limits });
  if (both.effect !== 'implicitDeny' || roleAccountId !== caller.accountId) return both.effect === 'allowed';
  return engine.evaluate(request, { identity: [], ...limits }).effect === 'allowed';
}

/** Whether a service may assume the role by itself: services have no identity policies. */
export function serviceMayAssume(engine: PolicyEngine, service: string, role: { arn: string; accountId: string; trustPolicy: string }, context: Record<string, string[]> = {}): boolean {
  const principal: EnginePrincipal = { arn: service, accountId: '', kind: 'service' };
  const request = { principal, action: 'sts:AssumeRole', resource: role.arn, resourceAccountId: role.accountId, context: { 'aws:SourceAccount': [role.accountId], ...context } };
  return engine.evaluate(request, { identity: [], resource: [engine.parse(role.trustPolicy)] }).effect === 'allowed';
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
    ...(caller.issuedAt === undefined ? {} : { 'aws:TokenIssueTime': [new Date(caller.issuedAt).toISOString()] }),
    ...Object.fromEntries(caller.tags.map(({ Key, Value }) => [`aws:PrincipalTag/${Key}`, [Value]])),
  };
}
