import { parseArn } from '@hearth/kernel';
import { validationError } from '../api/errors.js';
import { findIdentity, identityArn } from '../store/identities.js';
import type { Queryable } from '../store/queryable.js';
import type { Tag } from '../store/tag.js';

/** A role as those who assume it need it. */
export interface AssumableRole {
  id: string;
  arn: string;
  accountId: string;
  name: string;
  trustPolicy: string;
  maxSessionSeconds: number;
  tags: Tag[];
}

const ACCOUNT_ID = /^\d{12}$/;

/**
 * @returns undefined when there is no role of exactly this ARN, path and all
 * @throws ServiceError ValidationError when it is no ARN of a role
 */
export async function findRole(client: Queryable, roleArn: string): Promise<AssumableRole | undefined> {
  const arn = parseArn(roleArn);
  if (arn === undefined || arn.service !== 'iam' || !ACCOUNT_ID.test(arn.accountId) || !arn.resource.startsWith('role/'))
    throw validationError(`${roleArn} is invalid`);
  const name = arn.resource.slice(arn.resource.lastIndexOf('/') + 1);
  const role = await findIdentity(client, arn.accountId, 'role', name);
  if (role === undefined || identityArn(role) !== roleArn) return undefined;
  const { id, accountId, tags, trustPolicy, maxSessionSeconds } = role;
  return { id, arn: roleArn, accountId, name, tags, trustPolicy: trustPolicy!, maxSessionSeconds: maxSessionSeconds! };
}

/** `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`, without the role's path. */
export function sessionArn({ accountId, name }: Pick<AssumableRole, 'accountId' | 'name'>, sessionName: string): string {
  return `arn:aws:sts::${accountId}:assumed-role/${name}/${sessionName}`;
}
