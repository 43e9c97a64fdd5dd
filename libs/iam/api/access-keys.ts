import type { OperationHandler } from '@hearth/aws-wire';
import type { Database } from '@hearth/database';
import { accountRootArn } from '../access-key.js';
import type { Queryable } from '../store/queryable.js';
import { identityArn, lockAccount } from '../store/identities.js';
import { noSuchEntity, quotaExceeded, validationError } from './errors.js';
import { existing, locked } from './identity-input.js';
import { pageAnswer, pageRequest, type PagedInput } from './paging.js';
import type { CallerContext, IamParts } from './parts.js';
import { ACCESS_KEYS_PER_USER } from './quotas.js';
import { userOfCaller } from './users.js';

/* Long-lived keys of a user or, for callers that are the account's root and name nobody, of the root. */

interface KeyInput {
  UserName?: string;
  AccessKeyId: string;
}

interface KeyRow {
  id: string;
  active: boolean;
  created_at: Date;
}

/** Whose keys an operation is about. */
interface KeyOwner {
  principalArn: string;
  /** None for the account's root. */
  identityId?: string;
  userName?: string;
}

const STATUS = { Active: true, Inactive: false } as const;

export function accessKeyOperations({ database, keyStore }: IamParts): Record<string, OperationHandler> {
  return {
    CreateAccessKey: async (input: { UserName?: string }, context: CallerContext) =>
      database.transaction(async (client) => {
        const owner = await lockedOwner(client, input, context);
        const { rows } = await client.query<{ count: number }>(
          `SELECT count(*)::int AS count FROM access_keys WHERE ${OWNED}`,
          owned(context, owner),
        );
        if (rows[0]!.count >= ACCESS_KEYS_PER_USER) throw quotaExceeded('AccessKeysPerUser', ACCESS_KEYS_PER_USER);
        const key = await keyStore.create(
          { accountId: context.accountId, principalArn: owner.principalArn, identityId: owner.identityId },
          client,
        );
        const { rows: made } = await client.query<KeyRow>('SELECT id, active, created_at FROM access_keys WHERE id = $1', [
          key.accessKeyId,
        ]);
        return {
          AccessKey: {
            ...named(owner),
            AccessKeyId: key.accessKeyId,
            Status: 'Active',
            SecretAccessKey: key.secretAccessKey,
            CreateDate: made[0]!.created_at,
          },
        };
      }),
    ListAccessKeys: async (input: { UserName?: string } & PagedInput, context: CallerContext) => {
      const request = pageRequest(input);
      const owner = await ownerOf(database.pool, input, context);
      const { rows } = await database.pool.query<KeyRow>(
        `SELECT id, active, created_at FROM access_keys WHERE ${OWNED} AND id COLLATE "C" > $4 ORDER BY id COLLATE "C" LIMIT $5`,
        [...owned(context, owner), request.after, request.limit + 1],
      );
      const shape = (key: KeyRow): unknown => ({
        ...named(owner),
        AccessKeyId: key.id,
        Status: key.active ? 'Active' : 'Inactive',
        CreateDate: key.created_at,
      });
      return pageAnswer('AccessKeyMetadata', rows, request, ({ id }) => id, shape);
    },
    UpdateAccessKey: async (input: KeyInput & { Status: string }, context: CallerContext) => {
      const active = Object.hasOwn(STATUS, input.Status) ? STATUS[input.Status as keyof typeof STATUS] : undefined;
      if (active === undefined) throw validationError(`Status ${input.Status} is not supported.`);
      await changeKey(database, input, context, 'UPDATE access_keys SET active = $5', [active]);
      return {};
    },
    DeleteAccessKey: async (input: KeyInput, context: CallerContext) => {
      await changeKey(database, input, context, 'DELETE FROM access_keys', []);
      return {};
    },
    GetAccessKeyLastUsed: async (input: { AccessKeyId: string }, { accountId }) => {
      const { rows } = await database.pool.query<LastUsedRow>(
        `SELECT i.name, k.last_used_at, k.last_used_region, k.last_used_service FROM access_keys k LEFT JOIN iam_identities i ON i.id = k.identity_id
         WHERE k.id = $1 AND k.account_id = $2 AND k.expires_at IS NULL`,
        [input.AccessKeyId, accountId],
      );
      const key = rows[0];
      if (key === undefined) throw noSuchKey(input.AccessKeyId);
      const used =
        key.last_used_at === null
          ? { ServiceName: 'N/A', Region: 'N/A' }
          : { LastUsedDate: key.last_used_at, ServiceName: key.last_used_service, Region: key.last_used_region };
      return { ...(key.name === null ? {} : { UserName: key.name }), AccessKeyLastUsed: used };
    },
  };
}

interface LastUsedRow {
  name: string | null;
  last_used_at: Date | null;
  last_used_region: string | null;
  last_used_service: string | null;
}

const OWNED = 'account_id = $1 AND principal_arn = $2 AND identity_id IS NOT DISTINCT FROM $3 AND expires_at IS NULL';

function owned({ accountId }: CallerContext, owner: KeyOwner): unknown[] {
  return [accountId, owner.principalArn, owner.identityId ?? null];
}

function named({ userName }: KeyOwner): { UserName?: string } {
  return userName === undefined ? {} : { UserName: userName };
}

async function ownerOf(client: Queryable, input: { UserName?: string }, context: CallerContext): Promise<KeyOwner> {
  const userName = input.UserName ?? userOfCaller(context);
  if (userName === undefined) return { principalArn: accountRootArn(context.accountId) };
  const user = await existing(client, context.accountId, 'user', userName);
  return { principalArn: identityArn(user), identityId: user.id, userName };
}

/** Creations for one owner go one by one, so that the quota holds. */
async function lockedOwner(client: Queryable, input: { UserName?: string }, context: CallerContext): Promise<KeyOwner> {
  const userName = input.UserName ?? userOfCaller(context);
  if (userName === undefined) {
    await lockAccount(client, context.accountId);
    return { principalArn: accountRootArn(context.accountId) };
  }
  const user = await locked(client, context.accountId, 'user', userName);
  return { principalArn: identityArn(user), identityId: user.id, userName };
}

/** The triggers of the table tell every key cache. */
async function changeKey(
  database: Database,
  input: KeyInput,
  context: CallerContext,
  statement: string,
  values: unknown[],
): Promise<void> {
  const owner = await ownerOf(database.pool, input, context);
  const { rowCount } = await database.pool.query(`${statement} WHERE ${OWNED} AND id = $4`, [
    ...owned(context, owner),
    input.AccessKeyId,
    ...values,
  ]);
  if (rowCount === 0) throw noSuchKey(input.AccessKeyId);
}

function noSuchKey(accessKeyId: string): Error {
  return noSuchEntity(`The Access Key with id ${accessKeyId} cannot be found.`);
}
