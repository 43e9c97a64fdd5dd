import type { OperationHandler } from '@hearth/aws-wire';
import { listIdentities, nameKey, type Identity } from '../store/identities.js';
import { listPolicies, policyKey, policyVersions, type ManagedPolicy } from '../store/managed-policies.js';
import type { Queryable } from '../store/queryable.js';
import { pageAnswer, pageRequest, type PagedInput } from './paging.js';
import type { IamParts } from './parts.js';
import { encodedDocument, fullPolicy, fullRole, fullUser, group, listedVersion } from './shapes.js';

/* GetAccountAuthorizationDetails: users, groups, roles and managed policies of an account in this order, each with all that it may do. */

type EntityType = 'User' | 'Group' | 'Role' | 'LocalManagedPolicy' | 'AWSManagedPolicy';

interface DetailsInput extends PagedInput {
  Filter?: EntityType[];
}

/** What is listed, and the list of the answer it belongs to. The number is its place in the order. */
interface Item {
  key: string;
  list: 'UserDetailList' | 'GroupDetailList' | 'RoleDetailList' | 'Policies';
  detail(client: Queryable): Promise<Record<string, unknown>>;
}

const IDENTITIES = [
  { place: '0', kind: 'user', type: 'User', list: 'UserDetailList' },
  { place: '1', kind: 'group', type: 'Group', list: 'GroupDetailList' },
  { place: '2', kind: 'role', type: 'Role', list: 'RoleDetailList' },
] as const;
const POLICIES = '3';
/** More than an account may have and AWS has: which of AWS's are in use is seen afterwards. */
const ALL = 100_000;

export function accountAuthorizationDetails({ database: { pool } }: IamParts): Record<string, OperationHandler> {
  return {
    GetAccountAuthorizationDetails: async (input: DetailsInput, { accountId }) => {
      const request = pageRequest(input);
      const wanted = (type: EntityType): boolean => input.Filter === undefined || input.Filter.length === 0 || input.Filter.includes(type);
      const items: Item[] = [];
      const room = (): number => request.limit - items.length;
      for (const { place, kind, type, list } of IDENTITIES) {
        const after = afterIn(place, request.after);
        if (!wanted(type) || after === undefined || room() < 0) continue;
        const found = await listIdentities(pool, { accountId, kind, after, limit: room() });
        items.push(...found.map((identity): Item => ({ key: place + nameKey(identity.name), list, detail: (client) => identityDetail(client, identity) })));
      }
      const after = afterIn(POLICIES, request.after);
      const scope = wanted('LocalManagedPolicy') ? (wanted('AWSManagedPolicy') ? 'All' : 'Local') : wanted('AWSManagedPolicy') ? 'AWS' : undefined;
      if (scope !== undefined && after !== undefined && room() >= 0) {
        const found = await listPolicies(pool, { accountId, scope, onlyAttached: false, usage: undefined, pathPrefix: '/', after, limit: ALL });
        // All of the account's own; those of AWS that it uses.
        const used = found.filter(({ rowId, attachments, boundaries }) => rowId !== undefined || attachments + boundaries > 0);
        items.push(...used.slice(0, room() + 1).map((policy): Item => ({ key: POLICIES + policyKey(policy), list: 'Policies', detail: (client) => policyDetail(client, policy) })));
      }
      const { items: page, ...rest } = pageAnswer('items', items, request, ({ key }) => key, (item) => item) as { items: Item[] };
      const answer: Record<Item['list'], unknown[]> = { UserDetailList: [], GroupDetailList: [], RoleDetailList: [], Policies: [] };
      for (const { list, detail } of page) answer[list].push(await detail(pool));
      return { ...answer, ...rest };
    },
  };
}

/** Where to go on in a list, when a page ended at a key of all lists; undefined when the list is behind it. */
function afterIn(place: string, after: string): string | undefined {
  const [ended] = after;
  if (ended === undefined || ended < place) return '';
  return ended === place ? after.slice(1) : undefined;
}

interface Granted {
  inline: { PolicyName: string; document: string }[];
  attached: { PolicyName: string; PolicyArn: string }[];
  groups: string[];
  profiles: { name: string; id: string; path: string; created: string }[];
}

async function identityDetail(client: Queryable, identity: Identity): Promise<Record<string, unknown>> {
  const { rows } = await client.query<Granted>(
    `SELECT ARRAY(SELECT jsonb_build_object('PolicyName', name, 'document', document) FROM iam_inline_policies WHERE identity_id = $1 ORDER BY name) AS inline,
       ARRAY(SELECT jsonb_build_object('PolicyName', regexp_replace(policy_arn, '.*/', ''), 'PolicyArn', policy_arn) FROM iam_attachments WHERE identity_id = $1 ORDER BY policy_name_key) AS attached,
       ARRAY(SELECT g.name FROM iam_group_members m JOIN iam_identities g ON g.id = m.group_id WHERE m.user_id = $1 ORDER BY g.name_key) AS groups,
       ARRAY(SELECT jsonb_build_object('name', name, 'id', id, 'path', path, 'created', created_at) FROM iam_instance_profiles WHERE role_id = $1 ORDER BY name_key) AS profiles`,
    [identity.id],
  );
  const { inline, attached, groups, profiles } = rows[0]!;
  const policies = inline.map(({ PolicyName, document }) => ({ PolicyName, PolicyDocument: encodedDocument(document) }));
  if (identity.kind === 'group') return { ...group(identity), GroupPolicyList: policies, AttachedManagedPolicies: attached };
  if (identity.kind === 'user') return { ...fullUser(identity), UserPolicyList: policies, GroupList: groups, AttachedManagedPolicies: attached };
  const { Description: _description, MaxSessionDuration: _duration, ...role } = fullRole(identity);
  const InstanceProfileList = profiles.map(({ name, id, path, created }) => ({
    Path: path,
    InstanceProfileName: name,
    InstanceProfileId: id,
    Arn: `arn:aws:iam::${identity.accountId}:instance-profile${path}${name}`,
    CreateDate: new Date(created),
    Roles: [role],
  }));
  return { ...role, RolePolicyList: policies, AttachedManagedPolicies: attached, InstanceProfileList };
}

async function policyDetail(client: Queryable, policy: ManagedPolicy): Promise<Record<string, unknown>> {
  const versions = await policyVersions(client, policy);
  const { Tags: _tags, ...detail } = fullPolicy(policy);
  return { ...detail, PolicyVersionList: versions.map((version) => ({ ...listedVersion(version), Document: encodedDocument(version.document) })) };
}
