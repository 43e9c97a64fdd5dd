import type { OperationHandler } from '@hearth/aws-wire';
import type { Queryable } from '../store/queryable.js';
import {
  deleteIdentity,
  IDENTITY_COLUMNS,
  insertIdentity,
  listIdentities,
  nameKey,
  renameIdentity,
  type Identity,
} from '../store/identities.js';
import { alreadyExists, deleteConflict, noSuchEntity, quotaExceeded } from './errors.js';
import { assertRoomFor, existing, locked } from './identity-input.js';
import { pageAnswer, pageRequest, type PagedInput, type PageRequest } from './paging.js';
import type { IamParts } from './parts.js';
import { GROUPS_PER_USER } from './quotas.js';
import { group, listedUser } from './shapes.js';

interface Membership {
  GroupName: string;
  UserName: string;
}

const byName = ({ name }: Identity): string => nameKey(name);

export function groupOperations({ database }: IamParts): Record<string, OperationHandler> {
  return {
    CreateGroup: async (input: { GroupName: string; Path?: string }, { accountId }) =>
      database.transaction(async (client) => {
        await assertRoomFor(client, accountId, 'group');
        const made = await insertIdentity(client, {
          accountId,
          kind: 'group',
          name: input.GroupName,
          path: input.Path ?? '/',
          tags: [],
        });
        if (made === undefined) throw groupExists(input.GroupName);
        return { Group: group(made) };
      }),
    GetGroup: async (input: { GroupName: string } & PagedInput, { accountId }) => {
      const request = pageRequest(input);
      const found = await existing(database.pool, accountId, 'group', input.GroupName);
      return {
        Group: group(found),
        ...pageAnswer('Users', await members(database.pool, found.id, request), request, byName, listedUser),
      };
    },
    ListGroups: async (input: { PathPrefix?: string } & PagedInput, { accountId }) => {
      const request = pageRequest(input);
      const groups = await listIdentities(database.pool, { accountId, kind: 'group', pathPrefix: input.PathPrefix, ...request });
      return pageAnswer('Groups', groups, request, byName, group);
    },
    ListGroupsForUser: async (input: { UserName: string } & PagedInput, { accountId }) => {
      const request = pageRequest(input);
      const user = await existing(database.pool, accountId, 'user', input.UserName);
      return pageAnswer('Groups', await groupsOf(database.pool, user.id, request), request, byName, group);
    },
    UpdateGroup: async (input: { GroupName: string; NewGroupName?: string; NewPath?: string }, { accountId }) => {
      await database.transaction(async (client) => {
        const found = await locked(client, accountId, 'group', input.GroupName);
        const name = input.NewGroupName ?? found.name;
        if (!(await renameIdentity(client, found.id, name, input.NewPath ?? found.path))) throw groupExists(name);
      });
      return {};
    },
    DeleteGroup: async (input: { GroupName: string }, { accountId }) => {
      await database.transaction(async (client) => {
        const found = await locked(client, accountId, 'group', input.GroupName);
        await assertUnused(client, found.id);
        await deleteIdentity(client, found.id);
      });
      return {};
    },
    /** Adding a member again is silent. */
    AddUserToGroup: async (input: Membership, { accountId }) => {
      await database.transaction(async (client) => {
        const found = await locked(client, accountId, 'group', input.GroupName);
        const user = await locked(client, accountId, 'user', input.UserName);
        const { rows } = await client.query<{ count: number; member: boolean }>(
          'SELECT count(*)::int AS count, coalesce(bool_or(group_id = $2), false) AS member FROM iam_group_members WHERE user_id = $1',
          [user.id, found.id],
        );
        if (rows[0]!.member) return;
        if (rows[0]!.count >= GROUPS_PER_USER) throw quotaExceeded('GroupsPerUser', GROUPS_PER_USER);
        await client.query('INSERT INTO iam_group_members (group_id, user_id) VALUES ($1, $2)', [found.id, user.id]);
      });
      return {};
    },
    RemoveUserFromGroup: async (input: Membership, { accountId }) => {
      await database.transaction(async (client) => {
        const found = await locked(client, accountId, 'group', input.GroupName);
        const user = await locked(client, accountId, 'user', input.UserName);
        const { rowCount } = await client.query('DELETE FROM iam_group_members WHERE group_id = $1 AND user_id = $2', [
          found.id,
          user.id,
        ]);
        if (rowCount === 0) throw noSuchEntity(`The user with name ${user.name} cannot be found in group ${found.name}.`);
      });
      return {};
    },
  };
}

function groupExists(name: string): Error {
  return alreadyExists(`Group with name ${name} already exists.`);
}

async function members(client: Queryable, groupId: string, { after, limit }: PageRequest): Promise<Identity[]> {
  const { rows } = await client.query<Identity>(
    `SELECT ${IDENTITY_COLUMNS} FROM iam_group_members m JOIN iam_identities i ON i.id = m.user_id WHERE m.group_id = $1 AND i.name_key > $2 ORDER BY i.name_key LIMIT $3`,
    [groupId, after, limit + 1],
  );
  return rows;
}

async function groupsOf(client: Queryable, userId: string, { after, limit }: PageRequest): Promise<Identity[]> {
  const { rows } = await client.query<Identity>(
    `SELECT ${IDENTITY_COLUMNS} FROM iam_group_members m JOIN iam_identities i ON i.id = m.group_id WHERE m.user_id = $1 AND i.name_key > $2 ORDER BY i.name_key LIMIT $3`,
    [userId, after, limit + 1],
  );
  return rows;
}

async function assertUnused(client: Queryable, groupId: string): Promise<void> {
  const { rows } = await client.query<{ members: boolean; attached: boolean; inline: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM iam_group_members WHERE group_id = $1) AS members,
            EXISTS (SELECT 1 FROM iam_attachments WHERE identity_id = $1) AS attached,
            EXISTS (SELECT 1 FROM iam_inline_policies WHERE identity_id = $1) AS inline`,
    [groupId],
  );
  const { members: used, attached, inline } = rows[0]!;
  if (used) throw deleteConflict('Cannot delete entity, must remove users from group first.');
  if (attached) throw deleteConflict('Cannot delete entity, must detach all policies first.');
  if (inline) throw deleteConflict('Cannot delete entity, must delete policies first.');
}
