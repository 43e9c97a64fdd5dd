import type { OperationHandler } from '@hearth/aws-wire';
import { parseArn } from '@hearth/kernel';
import { accountRootArn } from '../access-key.js';
import type { Queryable } from '../store/queryable.js';
import {
  deleteIdentity,
  identityArn,
  insertIdentity,
  listIdentities,
  nameKey,
  renameIdentity,
  type Identity,
} from '../store/identities.js';
import type { Tag } from '../store/tag.js';
import { alreadyExists, deleteConflict, validationError } from './errors.js';
import { assertRoomFor, boundaryOf, existing, locked } from './identity-input.js';
import { pageAnswer, pageRequest, type PagedInput } from './paging.js';
import type { CallerContext, IamParts } from './parts.js';
import { fullUser, listedUser } from './shapes.js';
import { assertTags } from './tags.js';

interface CreateUserInput {
  UserName: string;
  Path?: string;
  PermissionsBoundary?: string;
  Tags?: Tag[];
}

interface UpdateUserInput {
  UserName: string;
  NewPath?: string;
  NewUserName?: string;
}

export function userOperations(parts: IamParts): Record<string, OperationHandler> {
  const { database } = parts;
  return {
    CreateUser: async (input: CreateUserInput, { accountId }) => {
      const tags = input.Tags ?? [];
      assertTags(tags);
      return database.transaction(async (client) => {
        await assertRoomFor(client, accountId, 'user');
        const boundary =
          input.PermissionsBoundary === undefined ? {} : await boundaryOf(client, accountId, input.PermissionsBoundary);
        const user = await insertIdentity(client, {
          accountId,
          kind: 'user',
          name: input.UserName,
          path: input.Path ?? '/',
          tags,
          ...boundary,
        });
        if (user === undefined) throw userExists(input.UserName);
        return { User: fullUser(user) };
      });
    },
    /** Without a name: the caller, who may be the account's root. */
    GetUser: async (input: { UserName?: string }, context: CallerContext) => {
      const { accountId } = context;
      const name = input.UserName ?? userOfCaller(context);
      return {
        User:
          name === undefined
            ? await rootUser(database.pool, accountId)
            : fullUser(await existing(database.pool, accountId, 'user', name)),
      };
    },
    ListUsers: async (input: { PathPrefix?: string } & PagedInput, { accountId }) => {
      const request = pageRequest(input);
      const users = await listIdentities(database.pool, { accountId, kind: 'user', pathPrefix: input.PathPrefix, ...request });
      return pageAnswer('Users', users, request, ({ name }) => nameKey(name), listedUser);
    },
    UpdateUser: async (input: UpdateUserInput, { accountId }) => {
      await database.transaction((client) => update(client, accountId, input));
      return {};
    },
    DeleteUser: async (input: { UserName: string }, { accountId }) => {
      await database.transaction(async (client) => {
        const user = await locked(client, accountId, 'user', input.UserName);
        await assertUnused(client, user);
        // Temporary keys of GetSessionToken go with the user, and every key cache hears of it.
        await deleteIdentity(client, user.id);
      });
      return {};
    },
  };
}

/**
 * The name of the calling user; undefined for the account's root.
 * @throws ServiceError ValidationError for roles and their sessions
 */
export function userOfCaller({ accountId, principalArn }: CallerContext): string | undefined {
  if (principalArn === accountRootArn(accountId)) return undefined;
  const resource = parseArn(principalArn)?.resource ?? '';
  if (!resource.startsWith('user/')) throw validationError('Must specify userName when calling with non-User credentials');
  return resource.slice(resource.lastIndexOf('/') + 1);
}

function userExists(name: string): Error {
  return alreadyExists(`User with name ${name} already exists.`);
}

async function rootUser(client: Queryable, accountId: string): Promise<Record<string, unknown>> {
  const { rows } = await client.query<{ created_at: Date }>('SELECT created_at FROM accounts WHERE id = $1', [accountId]);
  return { UserId: accountId, Arn: accountRootArn(accountId), CreateDate: rows[0]?.created_at };
}

/** A user's keys keep working under the new name. */
async function update(client: Queryable, accountId: string, input: UpdateUserInput): Promise<void> {
  const user = await locked(client, accountId, 'user', input.UserName);
  const renamed = { ...user, name: input.NewUserName ?? user.name, path: input.NewPath ?? user.path };
  if (!(await renameIdentity(client, user.id, renamed.name, renamed.path))) throw userExists(renamed.name);
  await client.query('UPDATE access_keys SET principal_arn = $2 WHERE identity_id = $1', [user.id, identityArn(renamed)]);
}

async function assertUnused(client: Queryable, { id }: Identity): Promise<void> {
  const { rows } = await client.query<{ member: boolean; keys: boolean; attached: boolean; inline: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM iam_group_members WHERE user_id = $1) AS member,
            EXISTS (SELECT 1 FROM access_keys WHERE identity_id = $1 AND expires_at IS NULL) AS keys,
            EXISTS (SELECT 1 FROM iam_attachments WHERE identity_id = $1) AS attached,
            EXISTS (SELECT 1 FROM iam_inline_policies WHERE identity_id = $1) AS inline`,
    [id],
  );
  const { member, keys, attached, inline } = rows[0]!;
  if (keys) throw deleteConflict('Cannot delete entity, must delete access keys first.');
  if (member) throw deleteConflict('Cannot delete entity, must remove users from group first.');
  if (attached) throw deleteConflict('Cannot delete entity, must detach all policies first.');
  if (inline) throw deleteConflict('Cannot delete entity, must delete policies first.');
}
