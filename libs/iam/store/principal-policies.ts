import type { Database } from '@hearth/database';
import { parseArn } from '@hearth/kernel';
import { accountRootArn } from '../access-key.js';
import { awsManagedPolicies } from './aws-managed-policies.js';
import type { Tag } from './tag.js';

/** A policy document with what denials and simulations call it. */
export interface PolicySource {
  /** ARN of a managed policy, name of an inline policy, `session` for the policy given at AssumeRole. */
  id: string;
  /** `SourcePolicyType` of the simulation API; the kind of the owner for inline policies. */
  type: 'aws-managed' | 'user-managed' | 'user' | 'group' | 'role' | 'none';
  /** The user, group or role an inline policy belongs to. */
  owner?: string;
  /** JSON text, valid when it was stored. */
  document: string;
}

/** Everything that decides what a principal may do by itself. Resource policies belong to the resources. */
export interface PrincipalPolicies {
  kind: 'root' | 'user' | 'assumed-role' | 'role';
  accountId: string;
  arn: string;
  /** `aws:userid`: account id, AIDA…, AROA…:SESSION, or AROA… for a role as such. */
  userId: string;
  /** `aws:username`; users only. */
  userName?: string;
  /** The role of a session, and the role as such. */
  roleArn?: string;
  /** `aws:PrincipalTag/*`; session tags win over those of the role. */
  tags: Tag[];
  /** Inline and attached policies, those of the user's groups among them. The root needs none: {@link kind} says so. */
  identity: PolicySource[];
  /** Present when a boundary is set, even if its document is gone: nothing is allowed then. */
  boundary?: PolicySource[];
  /** Present when the session was given policies, even if none of them exists any more. */
  session?: PolicySource[];
  /** Temporary credentials only; milliseconds since the epoch (`aws:TokenIssueTime`). */
  issuedAt?: number;
  /** `aws:SourceIdentity` */
  sourceIdentity?: string;
  sessionName?: string;
  /** `lambda:SourceFunctionArn`: the function in whose sandbox the credentials are. */
  sourceFunctionArn?: string;
  /** Tags that go on to the next role of a chain; lower-case keys. */
  transitiveTagKeys: string[];
}

export interface PrincipalReference {
  accountId: string;
  principalArn: string;
  /** Needed for temporary credentials: two sessions of one name may have different session policies. */
  accessKeyId?: string;
}

/** Every change of a policy, attachment, membership, boundary, tag or account is announced here in its own transaction; the payload is the account id. */
export const POLICY_CHANGES_CHANNEL = 'hearth_iam_policies';

/**
 * What credentials of GetSessionToken may do at most: everything but IAM and STS, of which AssumeRole and GetCallerIdentity
 * remain, as AWS has it for tokens without MFA.
 */
const SESSION_TOKEN_POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', NotAction: ['iam:*', 'sts:*'], Resource: '*' },
    { Effect: 'Allow', Action: ['sts:AssumeRole', 'sts:GetCallerIdentity'], Resource: '*' },
  ],
});

/** Reads from Postgres in one statement each: what comes back is one state, never half of a change. No cache: that is the guard's. */
export class PrincipalPolicyStore {
  constructor(private readonly database: Database) {}

  /** @returns undefined when there is no such principal any more, or its session has ended */
  async load(principal: PrincipalReference): Promise<PrincipalPolicies | undefined> {
    if (principal.accessKeyId?.startsWith('ASIA')) return this.loadSession(principal, principal.accessKeyId);
    const arn = parseArn(principal.principalArn);
    if (arn === undefined || arn.service !== 'iam' || arn.accountId !== principal.accountId) return undefined;
    if (arn.resource === 'root') return root(principal.accountId);
    const separator = arn.resource.indexOf('/');
    const kind = arn.resource.slice(0, separator);
    if (kind !== 'user' && kind !== 'role') return undefined;
    const { rows } = await this.database.pool.query<IdentityRow>(policiesOf('account_id = $1 AND kind = $2 AND name = $3'), [
      principal.accountId,
      kind,
      arn.resource.slice(arn.resource.lastIndexOf('/') + 1),
    ]);
    const row = rows[0];
    return row === undefined || identityArn(row) !== principal.principalArn ? undefined : fromIdentity(row);
  }

  /**
   * What simulations start from: the policies of a user, group or role, whoever may be using it.
   * @returns undefined when the account has no such entity
   */
  async policiesOf(accountId: string, entityArn: string): Promise<Pick<PrincipalPolicies, 'identity' | 'boundary'> | undefined> {
    const group = /^arn:aws:iam::(\d{12}):group\/(?:.*\/)?([^/]+)$/.exec(entityArn);
    if (group === null) return this.load({ accountId, principalArn: entityArn });
    const { rows } = await this.database.pool.query<IdentityRow>(policiesOf("account_id = $1 AND kind = 'group' AND name = $2"), [
      accountId,
      group[2],
    ]);
    const row = rows[0];
    return row === undefined || identityArn(row) !== entityArn ? undefined : { identity: identityPolicies(row) };
  }

  private async loadSession(principal: PrincipalReference, accessKeyId: string): Promise<PrincipalPolicies | undefined> {
    const { pool } = this.database;
    const { rows: sessions } = await pool.query<SessionRow>(
      `SELECT k.account_id, k.principal_arn, k.identity_id, k.created_at, s.*,
              ARRAY(SELECT jsonb_build_object('arn', p.arn, 'document', v.document) FROM iam_policies p JOIN iam_policy_versions v ON v.policy_id = p.id AND v.version = p.default_version
                    WHERE p.arn = ANY(s.session_policy_arns)) AS session_documents
       FROM access_keys k JOIN sts_sessions s ON s.access_key_id = k.id WHERE k.id = $1 AND k.active AND k.expires_at > now()`,
      [accessKeyId],
    );
    const session = sessions[0];
    if (session === undefined || session.principal_arn !== principal.principalArn || session.account_id !== principal.accountId)
      return undefined;
    const owner = session.identity_id === null ? root(session.account_id) : await this.loadById(session.identity_id);
    return owner === undefined ? undefined : asSession(owner, session);
  }

  private async loadById(id: string): Promise<PrincipalPolicies | undefined> {
    const { rows } = await this.database.pool.query<IdentityRow>(policiesOf('id = $1'), [id]);
    return rows[0] === undefined ? undefined : fromIdentity(rows[0]);
  }
}

function root(accountId: string): PrincipalPolicies {
  return {
    kind: 'root',
    accountId,
    arn: accountRootArn(accountId),
    userId: accountId,
    tags: [],
    identity: [],
    transitiveTagKeys: [],
  };
}

function policiesOf(condition: string): string {
  return `WITH self AS (SELECT * FROM iam_identities WHERE ${condition}),
    owners AS (SELECT id, kind, name FROM self UNION ALL
      SELECT g.id, g.kind, g.name FROM self JOIN iam_group_members m ON m.user_id = self.id JOIN iam_identities g ON g.id = m.group_id)
  SELECT id, account_id, kind, name, path, tags, boundary_arn,
    ARRAY(SELECT jsonb_build_object('id', p.name, 'type', o.kind, 'owner', o.name, 'document', p.document)
          FROM owners o JOIN iam_inline_policies p ON p.identity_id = o.id ORDER BY o.kind DESC, o.name, p.name) AS inline,
    ARRAY(SELECT jsonb_build_object('arn', a.policy_arn, 'document', v.document)
          FROM owners o JOIN iam_attachments a ON a.identity_id = o.id LEFT JOIN iam_policies p ON p.id = a.policy_id
          LEFT JOIN iam_policy_versions v ON v.policy_id = p.id AND v.version = p.default_version ORDER BY o.kind DESC, o.name, a.policy_name_key) AS attached,
    (SELECT v.document FROM iam_policies p JOIN iam_policy_versions v ON v.policy_id = p.id AND v.version = p.default_version WHERE p.id = self.boundary_policy_id) AS boundary_document
  FROM self`;
}

function fromIdentity(row: IdentityRow): PrincipalPolicies {
  const arn = identityArn(row);
  return {
    kind: row.kind,
    accountId: row.account_id,
    arn,
    userId: row.id,
    ...(row.kind === 'user' ? { userName: row.name } : { roleArn: arn }),
    tags: row.tags,
    identity: identityPolicies(row),
    ...(row.boundary_arn === null ? {} : { boundary: managedSource({ arn: row.boundary_arn, document: row.boundary_document }) }),
    transitiveTagKeys: [],
  };
}

function identityPolicies(row: IdentityRow): PolicySource[] {
  return [...row.inline, ...row.attached.flatMap(managedSource)];
}

function asSession(owner: PrincipalPolicies, session: SessionRow): PrincipalPolicies {
  const issued = { ...owner, issuedAt: session.created_at.getTime() };
  if (session.kind === 'session-token')
    return { ...issued, session: [{ id: 'GetSessionToken', type: 'none', document: SESSION_TOKEN_POLICY }] };
  const own = new Set(session.tags.map(({ Key }) => Key.toLowerCase()));
  const restricted = session.session_policy !== null || session.session_policy_arns.length > 0;
  const ofAccount = new Map(session.session_documents.map(({ arn, document }) => [arn, document]));
  return {
    ...issued,
    kind: 'assumed-role',
    arn: session.principal_arn,
    userId: `${owner.userId}:${session.session_name}`,
    sessionName: session.session_name!,
    tags: [...owner.tags.filter(({ Key }) => !own.has(Key.toLowerCase())), ...session.tags],
    transitiveTagKeys: session.transitive_tag_keys,
    ...(session.source_identity === null ? {} : { sourceIdentity: session.source_identity }),
    ...(session.source_function_arn === null ? {} : { sourceFunctionArn: session.source_function_arn }),
    ...(restricted
      ? {
          session: [
            ...(session.session_policy === null
              ? []
              : [{ id: 'session', type: 'none' as const, document: session.session_policy }]),
            ...session.session_policy_arns.flatMap((arn) => managedSource({ arn, document: ofAccount.get(arn) ?? null })),
          ],
        }
      : {}),
  };
}

function managedSource({ arn, document }: { arn: string; document: string | null }): PolicySource[] {
  if (document !== null) return [{ id: arn, type: 'user-managed', document }];
  const policy = awsManagedPolicies().get(arn);
  return policy === undefined ? [] : [{ id: arn, type: 'aws-managed', document: policy.document }];
}

function identityArn({ account_id, kind, path, name }: IdentityRow): string {
  return `arn:aws:iam::${account_id}:${kind}${path}${name}`;
}

interface IdentityRow {
  id: string;
  account_id: string;
  kind: 'user' | 'role';
  name: string;
  path: string;
  tags: Tag[];
  boundary_arn: string | null;
  boundary_document: string | null;
  inline: PolicySource[];
  attached: { arn: string; document: string | null }[];
}

interface SessionRow {
  account_id: string;
  principal_arn: string;
  identity_id: string | null;
  created_at: Date;
  kind: 'assumed-role' | 'session-token';
  session_name: string | null;
  source_identity: string | null;
  source_function_arn: string | null;
  session_policy: string | null;
  session_policy_arns: string[];
  session_documents: { arn: string; document: string }[];
  tags: Tag[];
  transitive_tag_keys: string[];
}
