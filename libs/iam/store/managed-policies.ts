import { awsManagedPolicies, isAwsManaged } from './aws-managed-policies.js';
import { nameKey } from './identities.js';
import { newIamId } from './iam-id.js';
import type { Queryable } from './queryable.js';
import type { Tag } from './tag.js';

/** A managed policy as one account sees it: its own, or one of AWS with the account's own attachments counted. */
export interface ManagedPolicy {
  /** Absent for policies of AWS, which have no row. */
  rowId: string | undefined;
  id: string;
  arn: string;
  name: string;
  path: string;
  description: string | null;
  defaultVersionId: string;
  tags: Tag[];
  createdAt: Date;
  updatedAt: Date;
  attachments: number;
  boundaries: number;
}

export interface PolicyVersion {
  versionId: string;
  isDefault: boolean;
  document: string;
  createdAt: Date;
}

export interface NewManagedPolicy {
  accountId: string;
  name: string;
  path: string;
  description: string | null;
  document: string;
  tags: Tag[];
}

export interface PolicyList {
  accountId: string;
  scope: 'All' | 'AWS' | 'Local';
  onlyAttached: boolean;
  /** Which use counts for `onlyAttached`. */
  usage: 'PermissionsPolicy' | 'PermissionsBoundary' | undefined;
  pathPrefix: string;
  after: string;
  limit: number;
}

const COUNTS = `(SELECT count(*)::int FROM iam_attachments a WHERE a.policy_id = p.id) AS attachments,
  (SELECT count(*)::int FROM iam_identities i WHERE i.boundary_policy_id = p.id) AS boundaries`;
const COLUMNS = `p.id AS "rowId", p.id, p.arn, p.name, p.path, p.description, 'v' || p.default_version AS "defaultVersionId", p.tags, p.created_at AS "createdAt", p.updated_at AS "updatedAt"`;

export function policyArn(accountId: string, path: string, name: string): string {
  return `arn:aws:iam::${accountId}:policy${path}${name}`;
}

/** Position in lists: by name, the account's own before AWS's of the same name. */
export function policyKey(policy: Pick<ManagedPolicy, 'name' | 'rowId'>): string {
  return `${nameKey(policy.name)}/${policy.rowId === undefined ? 'aws' : 'account'}`;
}

/** @returns undefined also for policies of other accounts: nobody can attach or read them */
export async function findPolicy(
  client: Queryable,
  accountId: string,
  arn: string,
  lock?: 'FOR UPDATE' | 'FOR SHARE',
): Promise<ManagedPolicy | undefined> {
  if (isAwsManaged(arn)) return findAwsPolicy(client, accountId, arn);
  // The counts are read after the lock is held: as part of the locking statement they would be those of before the wait.
  if (lock !== undefined)
    await client.query(`SELECT 1 FROM iam_policies WHERE arn = $1 AND account_id = $2 ${lock}`, [arn, accountId]);
  const { rows } = await client.query<ManagedPolicy>(
    `SELECT ${COLUMNS}, ${COUNTS} FROM iam_policies p WHERE arn = $1 AND account_id = $2`,
    [arn, accountId],
  );
  return rows[0];
}

/** @returns undefined when the name is taken */
export async function insertPolicy(client: Queryable, made: NewManagedPolicy): Promise<ManagedPolicy | undefined> {
  const { rows } = await client.query<ManagedPolicy>(
    `INSERT INTO iam_policies AS p (id, account_id, arn, name, name_key, path, description, tags) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
     ON CONFLICT (account_id, name_key) DO NOTHING RETURNING ${COLUMNS}, 0 AS attachments, 0 AS boundaries`,
    [
      newIamId('ANPA'),
      made.accountId,
      policyArn(made.accountId, made.path, made.name),
      made.name,
      nameKey(made.name),
      made.path,
      made.description,
      JSON.stringify(made.tags),
    ],
  );
  const policy = rows[0];
  if (policy !== undefined)
    await client.query('INSERT INTO iam_policy_versions (policy_id, version, document) VALUES ($1, 1, $2)', [
      policy.rowId,
      made.document,
    ]);
  return policy;
}

export async function countPolicies(client: Queryable, accountId: string): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM iam_policies WHERE account_id = $1',
    [accountId],
  );
  return rows[0]!.count;
}

/** One more than `limit` when there are more. */
export async function listPolicies(client: Queryable, list: PolicyList): Promise<ManagedPolicy[]> {
  const own = list.scope === 'AWS' ? [] : await listOwn(client, list);
  const aws = list.scope === 'Local' ? [] : await listAws(client, list);
  return [...own, ...aws].sort((a, b) => (policyKey(a) < policyKey(b) ? -1 : 1)).slice(0, list.limit + 1);
}

async function listOwn(client: Queryable, list: PolicyList): Promise<ManagedPolicy[]> {
  const { rows } = await client.query<ManagedPolicy>(
    `SELECT * FROM (SELECT ${COLUMNS}, ${COUNTS}, name_key FROM iam_policies p
       WHERE account_id = $1 AND (name_key || '/account') COLLATE "C" > $2 AND starts_with(path, $3)) AS found
     WHERE NOT $4 OR ($5 <> 'PermissionsBoundary' AND attachments > 0) OR ($5 <> 'PermissionsPolicy' AND boundaries > 0)
     ORDER BY (name_key || '/account') COLLATE "C" LIMIT $6`,
    [list.accountId, list.after, list.pathPrefix, list.onlyAttached, list.usage ?? '', list.limit + 1],
  );
  return rows;
}

async function listAws(client: Queryable, list: PolicyList): Promise<ManagedPolicy[]> {
  const uses = await awsUses(client, list.accountId);
  const counted = (policy: ManagedPolicy): boolean =>
    !list.onlyAttached ||
    (list.usage !== 'PermissionsBoundary' && policy.attachments > 0) ||
    (list.usage !== 'PermissionsPolicy' && policy.boundaries > 0);
  return [...awsManagedPolicies().keys()]
    .map((arn) => asManaged(arn, uses.get(arn)))
    .filter((policy) => policy.path.startsWith(list.pathPrefix) && policyKey(policy) > list.after && counted(policy));
}

async function findAwsPolicy(client: Queryable, accountId: string, arn: string): Promise<ManagedPolicy | undefined> {
  if (!awsManagedPolicies().has(arn)) return undefined;
  return asManaged(arn, (await awsUses(client, accountId, arn)).get(arn));
}

interface Uses {
  arn: string;
  attachments: number;
  boundaries: number;
}

async function awsUses(client: Queryable, accountId: string, arn?: string): Promise<Map<string, Uses>> {
  const { rows } = await client.query<Uses>(
    `SELECT arn, count(*) FILTER (WHERE attached)::int AS attachments, count(*) FILTER (WHERE NOT attached)::int AS boundaries FROM (
       SELECT a.policy_arn AS arn, true AS attached FROM iam_attachments a JOIN iam_identities i ON i.id = a.identity_id
         WHERE i.account_id = $1 AND a.policy_id IS NULL AND ($2::text IS NULL OR a.policy_arn = $2)
       UNION ALL
       SELECT boundary_arn, false FROM iam_identities WHERE account_id = $1 AND boundary_arn IS NOT NULL AND boundary_policy_id IS NULL AND ($2::text IS NULL OR boundary_arn = $2)
     ) AS uses GROUP BY arn`,
    [accountId, arn ?? null],
  );
  return new Map(rows.map((row) => [row.arn, row]));
}

function asManaged(arn: string, uses: Uses | undefined): ManagedPolicy {
  const { id, name, path, createDate, versionId, versionDate } = awsManagedPolicies().get(arn)!;
  return {
    rowId: undefined,
    id,
    arn,
    name,
    path,
    description: null,
    defaultVersionId: versionId,
    tags: [],
    createdAt: createDate,
    updatedAt: versionDate,
    attachments: uses?.attachments ?? 0,
    boundaries: uses?.boundaries ?? 0,
  };
}

/** Newest first, as AWS lists them. */
export async function policyVersions(client: Queryable, policy: ManagedPolicy): Promise<PolicyVersion[]> {
  if (policy.rowId === undefined) {
    const { versionId, document, versionDate } = awsManagedPolicies().get(policy.arn)!;
    return [{ versionId, isDefault: true, document, createdAt: versionDate }];
  }
  const { rows } = await client.query<PolicyVersion>(
    `SELECT 'v' || v.version AS "versionId", v.version = p.default_version AS "isDefault", v.document, v.created_at AS "createdAt"
     FROM iam_policy_versions v JOIN iam_policies p ON p.id = v.policy_id WHERE policy_id = $1 ORDER BY v.version DESC`,
    [policy.rowId],
  );
  return rows;
}
