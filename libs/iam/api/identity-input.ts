import type { Queryable } from '../store/queryable.js';
import { countIdentities, findIdentity, lockAccount, type Identity, type IdentityKind } from '../store/identities.js';
import { findPolicy } from '../store/managed-policies.js';
import { noSuchEntity, noSuchIdentity, quotaExceeded, unmodifiable, validationError } from './errors.js';
import { GROUPS_QUOTA, ROLES_QUOTA, USERS_QUOTA } from './quotas.js';

/** How the API names the kinds: `UserName`, `AttachUserPolicy`. */
export const IDENTITY_KINDS = [
  { kind: 'user', label: 'User', member: 'UserName' },
  { kind: 'group', label: 'Group', member: 'GroupName' },
  { kind: 'role', label: 'Role', member: 'RoleName' },
] as const;

const QUOTA: Record<IdentityKind, [name: string, limit: number]> = {
  user: ['UsersPerAccount', USERS_QUOTA],
  group: ['GroupsPerAccount', GROUPS_QUOTA],
  role: ['RolesPerAccount', ROLES_QUOTA],
};

/** @throws ServiceError NoSuchEntity */
export async function existing(client: Queryable, accountId: string, kind: IdentityKind, name: string): Promise<Identity> {
  const found = await findIdentity(client, accountId, kind, name);
  if (found === undefined) throw noSuchIdentity(kind, name);
  return found;
}

/**
 * Holds the identity's row to the end of the transaction: all changes of one identity, its deletion among them, go one by one.
 * Whoever locks a group and a user locks the group first; a managed policy is locked after the identity it is for.
 * @throws ServiceError NoSuchEntity; UnmodifiableEntity for the roles of services
 */
export async function locked(client: Queryable, accountId: string, kind: IdentityKind, name: string): Promise<Identity> {
  const found = await findIdentity(client, accountId, kind, name, true);
  if (found === undefined) throw noSuchIdentity(kind, name);
  if (found.serviceLinked) throw unmodifiable(name);
  return found;
}

/** @throws ServiceError LimitExceeded */
export async function assertRoomFor(client: Queryable, accountId: string, kind: IdentityKind): Promise<void> {
  await lockAccount(client, accountId);
  const [name, limit] = QUOTA[kind];
  if ((await countIdentities(client, accountId, kind)) >= limit) throw quotaExceeded(name, limit);
}

export interface Boundary {
  boundaryArn: string;
  boundaryPolicyId: string | null;
}

/** @throws ServiceError NoSuchEntity */
export async function boundaryOf(client: Queryable, accountId: string, policyArn: string): Promise<Boundary> {
  assertPolicyArn(policyArn);
  const policy = await findPolicy(client, accountId, policyArn, 'FOR SHARE');
  if (policy === undefined) throw noSuchEntity(`Scope ARN: ${policyArn} does not exist or is not attachable.`);
  return { boundaryArn: policyArn, boundaryPolicyId: policy.rowId ?? null };
}

const POLICY_ARN = /^arn:aws:iam::(\d{12}|aws):policy\/[\u0021-\u007e]+$/;

/** @throws ServiceError ValidationError */
export function assertPolicyArn(arn: string): void {
  if (!arn.startsWith('arn:')) throw validationError('Invalid ARN:  Could not be parsed!');
  if (!POLICY_ARN.test(arn)) throw validationError(`ARN ${arn} is not valid.`);
}
