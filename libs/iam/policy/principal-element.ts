/** Who calls, as policies see it. */
export interface Principal {
  kind: 'root' | 'user' | 'assumed-role' | 'role' | 'federated-user' | 'federated' | 'service' | 'anonymous';
  /** `arn:aws:iam::ACCOUNT:user/N`, `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`...; services: `lambda.amazonaws.com`; federated: the provider. */
  arn: string;
  /** Empty for services, anonymous callers and federated ones that have no session yet. */
  accountId: string;
  /** Sessions of roles: the role's ARN, which has the path that the session's ARN lacks. */
  roleArn?: string;
  /** AIDA… of a user, AROA… of a role: how policies go on naming a principal that was deleted and made again. */
  uniqueId?: string;
}

/** How closely an element names a principal. `direct`: itself, or everybody; `role`: the role of the session; `account`: its account. */
export type Grant = 'direct' | 'role' | 'account';

/** The value of Principal or NotPrincipal, normalised. */
export interface PrincipalElement {
  everybody: boolean;
  /** ARNs (an account is its root's ARN) and unique ids. */
  aws: ReadonlySet<string>;
  /** `*` stands for all services. */
  services: ReadonlySet<string>;
  federated: ReadonlySet<string>;
}

/** @returns undefined when the element does not name the principal */
export function grantOf(element: PrincipalElement, principal: Principal): Grant | undefined {
  if (element.everybody) return 'direct';
  if (principal.kind === 'anonymous') return undefined;
  if (principal.kind === 'service')
    return element.services.has(principal.arn) || element.services.has('*') ? 'direct' : undefined;
  if (principal.kind === 'federated') return element.federated.has(principal.arn) ? 'direct' : undefined;
  const named = namesOf(principal);
  for (const grant of ['direct', 'role', 'account'] as const)
    if (named[grant].some((name) => element.aws.has(name))) return grant;
  return undefined;
}

/**
 * Whether NotPrincipal of a Deny spares the principal: it does when it lists each of its names, its account among them. AWS
 * documents that listing a user without the account's root denies the user all the same.
 */
export function spares(element: PrincipalElement, principal: Principal): boolean {
  if (element.everybody) return true;
  if (principal.kind === 'anonymous' || principal.kind === 'service' || principal.kind === 'federated')
    return grantOf(element, principal) !== undefined;
  const named = namesOf(principal);
  return (['direct', 'role', 'account'] as const).every(
    (grant) => named[grant].length === 0 || named[grant].some((name) => element.aws.has(name)),
  );
}

function namesOf({ kind, arn, accountId, roleArn, uniqueId }: Principal): Record<Grant, string[]> {
  const ids = uniqueId === undefined ? [] : [uniqueId];
  const account = [`arn:aws:iam::${accountId}:root`];
  switch (kind) {
    case 'root':
      return { direct: account, role: [], account: [] };
    case 'assumed-role':
      return { direct: [arn], role: [...(roleArn === undefined ? [] : [roleArn]), ...ids], account };
    case 'role':
      return { direct: [], role: [arn, ...ids], account };
    default:
      return { direct: [arn, ...ids], role: [], account };
  }
}
