import type { OperationHandler } from '@hearth/aws-wire';
import { newIamId } from '../store/iam-id.js';
import { IDENTITY_COLUMNS, lockAccount, nameKey, type Identity } from '../store/identities.js';
import type { Queryable } from '../store/queryable.js';
import type { Tag } from '../store/tag.js';
import { withArns } from '../store/trust-principals.js';
import { alreadyExists, deleteConflict, noSuchEntity, quotaExceeded } from './errors.js';
import { existing, locked } from './identity-input.js';
import { pageAnswer, pageRequest, type PagedInput } from './paging.js';
import type { IamParts } from './parts.js';
import { INSTANCE_PROFILES_QUOTA } from './quotas.js';
import { listedRole } from './shapes.js';
import { assertTags } from './tags.js';

/* Instance profiles: no machine of Hearth takes one, but deployers make them and Terraform asks for a role's before it deletes the role. */

interface Profile {
  id: string;
  accountId: string;
  name: string;
  path: string;
  roleId: string | null;
  tags: Tag[];
  createdAt: Date;
}

interface ProfileRole {
  InstanceProfileName: string;
  RoleName: string;
}

const COLUMNS = 'p.id, p.account_id AS "accountId", p.name, p.path, p.role_id AS "roleId", p.tags, p.created_at AS "createdAt"';

export function instanceProfileOperations({ database }: IamParts): Record<string, OperationHandler> {
  const listed = async (condition: string, values: unknown[], input: PagedInput): Promise<Record<string, unknown>> => {
    const request = pageRequest(input);
    const { rows } = await database.pool.query<Profile>(
      `SELECT ${COLUMNS} FROM iam_instance_profiles p WHERE ${condition} AND name_key > $3 ORDER BY name_key LIMIT $4`,
      [...values, request.after, request.limit + 1],
    );
    const roles = await rolesOf(database.pool, rows);
    return pageAnswer(
      'InstanceProfiles',
      rows,
      request,
      ({ name }) => nameKey(name),
      (profile) => shape(profile, roles),
    );
  };
  return {
    CreateInstanceProfile: async (input: { InstanceProfileName: string; Path?: string; Tags?: Tag[] }, { accountId }) => {
      const tags = input.Tags ?? [];
      assertTags(tags);
      return database.transaction(async (client) => {
        await lockAccount(client, accountId);
        const { rows: counted } = await client.query<{ count: number }>(
          'SELECT count(*)::int AS count FROM iam_instance_profiles WHERE account_id = $1',
          [accountId],
        );
        if (counted[0]!.count >= INSTANCE_PROFILES_QUOTA)
          throw quotaExceeded('InstanceProfilesPerAccount', INSTANCE_PROFILES_QUOTA);
        const name = input.InstanceProfileName;
        const { rows } = await client.query<Profile>(
          `INSERT INTO iam_instance_profiles AS p (id, account_id, name, name_key, path, tags) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT (account_id, name_key) DO NOTHING RETURNING ${COLUMNS}`,
          [newIamId('AIPA'), accountId, name, nameKey(name), input.Path ?? '/', JSON.stringify(tags)],
        );
        if (rows[0] === undefined) throw alreadyExists(`Instance Profile ${name} already exists.`);
        return { InstanceProfile: shape(rows[0], new Map()) };
      });
    },
    GetInstanceProfile: async (input: { InstanceProfileName: string }, { accountId }) => {
      const profile = await find(database.pool, accountId, input.InstanceProfileName);
      return { InstanceProfile: shape(profile, await rolesOf(database.pool, [profile])) };
    },
    ListInstanceProfiles: async (input: { PathPrefix?: string } & PagedInput, { accountId }) =>
      listed('account_id = $1 AND starts_with(path, $2)', [accountId, input.PathPrefix ?? '/'], input),
    ListInstanceProfilesForRole: async (input: { RoleName: string } & PagedInput, { accountId }) => {
      const role = await existing(database.pool, accountId, 'role', input.RoleName);
      return listed('account_id = $1 AND role_id = $2', [accountId, role.id], input);
    },
    AddRoleToInstanceProfile: async (input: ProfileRole, { accountId }) => {
      await database.transaction(async (client) => {
        const role = await locked(client, accountId, 'role', input.RoleName);
        const profile = await find(client, accountId, input.InstanceProfileName, true);
        if (profile.roleId !== null) throw quotaExceeded('InstanceSessionsPerInstanceProfile', 1);
        await client.query('UPDATE iam_instance_profiles SET role_id = $2 WHERE id = $1', [profile.id, role.id]);
      });
      return {};
    },
    RemoveRoleFromInstanceProfile: async (input: ProfileRole, { accountId }) => {
      await database.transaction(async (client) => {
        const role = await locked(client, accountId, 'role', input.RoleName);
        const profile = await find(client, accountId, input.InstanceProfileName, true);
        if (profile.roleId !== role.id) throw noSuchEntity(`The role with name ${role.name} cannot be found.`);
        await client.query('UPDATE iam_instance_profiles SET role_id = NULL WHERE id = $1', [profile.id]);
      });
      return {};
    },
    DeleteInstanceProfile: async (input: { InstanceProfileName: string }, { accountId }) => {
      await database.transaction(async (client) => {
        const profile = await find(client, accountId, input.InstanceProfileName, true);
        if (profile.roleId !== null) throw deleteConflict('Cannot delete entity, must remove roles from instance profile first.');
        await client.query('DELETE FROM iam_instance_profiles WHERE id = $1', [profile.id]);
      });
      return {};
    },
  };
}

async function find(client: Queryable, accountId: string, name: string, lock = false): Promise<Profile> {
  const { rows } = await client.query<Profile>(
    `SELECT ${COLUMNS} FROM iam_instance_profiles p WHERE account_id = $1 AND name_key = $2 AND name = $3${lock ? ' FOR UPDATE' : ''}`,
    [accountId, nameKey(name), name],
  );
  if (rows[0] === undefined) throw noSuchEntity(`Instance Profile ${name} cannot be found.`);
  return rows[0];
}

async function rolesOf(client: Queryable, profiles: Profile[]): Promise<Map<string, Identity>> {
  const { rows } = await client.query<Identity>(`SELECT ${IDENTITY_COLUMNS} FROM iam_identities i WHERE id = ANY($1)`, [
    profiles.flatMap(({ roleId }) => roleId ?? []),
  ]);
  return new Map((await withArns(client, rows)).map((role) => [role.id, role]));
}

function shape(profile: Profile, roles: Map<string, Identity>): Record<string, unknown> {
  const role = profile.roleId === null ? undefined : roles.get(profile.roleId);
  return {
    Path: profile.path,
    InstanceProfileName: profile.name,
    InstanceProfileId: profile.id,
    Arn: `arn:aws:iam::${profile.accountId}:instance-profile${profile.path}${profile.name}`,
    CreateDate: profile.createdAt,
    Roles: role === undefined ? [] : [listedRole(role)],
    ...(profile.tags.length === 0 ? {} : { Tags: profile.tags }),
  };
}
