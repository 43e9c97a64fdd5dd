import { newIamId, type IamIdPrefix } from './iam-id.js';
import { isDuplicate, type Queryable } from './queryable.js';
import type { Tag } from './tag.js';

export type IdentityKind = 'user' | 'group' | 'role';

/** A user, group or role as stored. */
export interface Identity {
  id: string;
  accountId: string;
  kind: IdentityKind;
  name: string;
  /** Begins and ends with `/`. */
  path: string;
  tags: Tag[];
  boundaryArn: string | null;
  /** The rest is of roles only. */
  description: string | null;
  /** JSON text. */
  trustPolicy: string | null;
  maxSessionSeconds: number | null;
  serviceLinked: boolean;
  lastUsedAt: Date | null;
  lastUsedRegion: string | null;
  createdAt: Date;
}

export type NewIdentity = Pick<Identity, 'accountId' | 'kind' | 'name' | 'path' | 'tags'> &
  Partial<Pick<Identity, 'boundaryArn' | 'description' | 'trustPolicy' | 'maxSessionSeconds' | 'serviceLinked'>> & {
    boundaryPolicyId?: string | null;
  };

export interface IdentityList {
  accountId: string;
  kind: IdentityKind;
  pathPrefix?: string;
  /** Name key after which the list begins; '' for all. */
  after: string;
  limit: number;
}

const ID_PREFIX: Record<IdentityKind, IamIdPrefix> = { user: 'AIDA', group: 'AGPA', role: 'AROA' };

export const IDENTITY_COLUMNS = [
  'i.id',
  'i.account_id AS "accountId"',
  'i.kind',
  'i.name',
  'i.path',
  'i.tags',
  'i.boundary_arn AS "boundaryArn"',
  'i.description',
  'i.trust_policy AS "trustPolicy"',
  'i.max_session_seconds AS "maxSessionSeconds"',
  'i.service_linked AS "serviceLinked"',
  'i.last_used_at AS "lastUsedAt"',
  'i.last_used_region AS "lastUsedRegion"',
  'i.created_at AS "createdAt"',
].join(', ');

export function identityArn({ accountId, kind, path, name }: Pick<Identity, 'accountId' | 'kind' | 'path' | 'name'>): string {
  return `arn:aws:iam::${accountId}:${kind}${path}${name}`;
}

/** Names are unique without regard to case, and lists are in this order. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

/** By the exact name: a look-up that ignored case would answer for an ARN that policies do not know. */
export async function findIdentity(
  client: Queryable,
  accountId: string,
  kind: IdentityKind,
  name: string,
  lock = false,
): Promise<Identity | undefined> {
  const { rows } = await client.query<Identity>(
    `SELECT ${IDENTITY_COLUMNS} FROM iam_identities i WHERE account_id = $1 AND kind = $2 AND name_key = $3 AND name = $4${lock ? ' FOR UPDATE' : ''}`,
    [accountId, kind, nameKey(name), name],
  );
  return rows[0];
}

/** @returns undefined when the name is taken */
export async function insertIdentity(client: Queryable, made: NewIdentity): Promise<Identity | undefined> {
  const { rows } = await client.query<Identity>(
    `INSERT INTO iam_identities AS i (id, account_id, kind, name, name_key, path, tags, boundary_arn, boundary_policy_id, description, trust_policy, max_session_seconds, service_linked)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (account_id, kind, name_key) DO NOTHING RETURNING ${IDENTITY_COLUMNS}`,
    [
      newIamId(ID_PREFIX[made.kind]),
      made.accountId,
      made.kind,
      made.name,
      nameKey(made.name),
      made.path,
      JSON.stringify(made.tags),
      made.boundaryArn ?? null,
      made.boundaryPolicyId ?? null,
      made.description ?? null,
      made.trustPolicy ?? null,
      made.maxSessionSeconds ?? null,
      made.serviceLinked ?? false,
    ],
  );
  return rows[0];
}

/** One more than `limit` when there are more. */
export async function listIdentities(client: Queryable, list: IdentityList): Promise<Identity[]> {
  const { rows } = await client.query<Identity>(
    `SELECT ${IDENTITY_COLUMNS} FROM iam_identities i WHERE account_id = $1 AND kind = $2 AND name_key > $3 AND starts_with(path, $4) ORDER BY name_key LIMIT $5`,
    [list.accountId, list.kind, list.after, list.pathPrefix ?? '/', list.limit + 1],
  );
  return rows;
}

/** @returns false when another identity of the kind has the new name */
export async function renameIdentity(client: Queryable, id: string, name: string, path: string): Promise<boolean> {
  try {
    await client.query('UPDATE iam_identities SET name = $2, name_key = $3, path = $4 WHERE id = $1', [
      id,
      name,
      nameKey(name),
      path,
    ]);
    return true;
  } catch (error) {
    if (isDuplicate(error)) return false;
    throw error;
  }
}

export async function deleteIdentity(client: Queryable, id: string): Promise<void> {
  await client.query('DELETE FROM iam_identities WHERE id = $1', [id]);
}

/** Creators of one account wait for each other here, so that two of them cannot pass a quota together. */
export async function lockAccount(client: Queryable, accountId: string): Promise<void> {
  await client.query('SELECT 1 FROM accounts WHERE id = $1 FOR NO KEY UPDATE', [accountId]);
}

export async function countIdentities(client: Queryable, accountId: string, kind: IdentityKind): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM iam_identities WHERE account_id = $1 AND kind = $2',
    [accountId, kind],
  );
  return rows[0]!.count;
}
