import type { OperationHandler } from '@hearth/aws-wire';
import type { Queryable } from '../store/queryable.js';
import type { Tag } from '../store/tag.js';
import { isAwsManaged } from '../store/aws-managed-policies.js';
import { findIdentity, type IdentityKind } from '../store/identities.js';
import { assertPolicyArn, IDENTITY_KINDS } from './identity-input.js';
import { invalidInput, limitExceeded, noSuchEntity, noSuchIdentity, noSuchPolicy, unmodifiable } from './errors.js';
import { pageAnswer, pageRequest, type PagedInput } from './paging.js';
import type { IamParts } from './parts.js';
import { TAGS_PER_ENTITY } from './quotas.js';

/*
 * TagUser, UntagRole, ListPolicyTags and so on: one set of three for each kind of entity that has tags. Keys are unique without
 * regard to case; setting an existing key keeps its place and takes the new spelling and value.
 */

type TagInput = Record<string, string> & { Tags: Tag[]; TagKeys: string[] } & PagedInput;

interface Tagged {
  table: string;
  id: string;
  tags: Tag[];
}

type Lookup = (client: Queryable, accountId: string, key: string, lock: boolean) => Promise<Tagged>;

export function tagOperations({ database }: IamParts): Record<string, OperationHandler> {
  const of = (label: string, member: string, lookup: Lookup): Record<string, OperationHandler> => ({
    [`Tag${label}`]: async (input: TagInput, context) => {
      assertTags(input.Tags);
      await database.transaction(async (client) => {
        const entity = await lookup(client, context.accountId, input[member]!, true);
        await writeTags(client, entity, merged(entity.tags, input.Tags));
      });
      return {};
    },
    [`Untag${label}`]: async (input: TagInput, context) => {
      const gone = new Set(input.TagKeys.map((key) => key.toLowerCase()));
      await database.transaction(async (client) => {
        const entity = await lookup(client, context.accountId, input[member]!, true);
        await writeTags(
          client,
          entity,
          entity.tags.filter(({ Key }) => !gone.has(Key.toLowerCase())),
        );
      });
      return {};
    },
    [`List${label}Tags`]: async (input: TagInput, context) => {
      const request = pageRequest(input);
      const { tags } = await lookup(database.pool, context.accountId, input[member]!, false);
      const key = (tag: Tag): string => tag.Key.toLowerCase();
      const found = tags.filter((tag) => key(tag) > request.after).sort((a, b) => (key(a) < key(b) ? -1 : 1));
      return pageAnswer('Tags', found, request, key, (tag) => tag);
    },
  });
  const identities = IDENTITY_KINDS.filter(({ kind }) => kind !== 'group').map(({ kind, label, member }) =>
    of(label, member, identityLookup(kind)),
  );
  return Object.assign(
    {},
    ...identities,
    of('Policy', 'PolicyArn', policyLookup),
    of('InstanceProfile', 'InstanceProfileName', profileLookup),
  ) as Record<string, OperationHandler>;
}

/** @throws ServiceError InvalidInput, LimitExceeded */
export function assertTags(tags: Tag[]): void {
  const keys = tags.map(({ Key }) => Key.toLowerCase());
  if (new Set(keys).size !== keys.length)
    throw invalidInput('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  const reserved = keys.find((key) => key.startsWith('aws:'));
  if (reserved !== undefined) throw invalidInput('System tags cannot be added/updated/deleted.');
  assertTagCount(tags);
}

function assertTagCount(tags: Tag[]): void {
  if (tags.length > TAGS_PER_ENTITY)
    throw limitExceeded(`The number of tags has reached the maximum limit. Maximum tags allowed: ${TAGS_PER_ENTITY}`);
}

function merged(current: Tag[], given: Tag[]): Tag[] {
  const byKey = new Map(current.map((tag) => [tag.Key.toLowerCase(), tag]));
  for (const tag of given) byKey.set(tag.Key.toLowerCase(), { Key: tag.Key, Value: tag.Value });
  const tags = [...byKey.values()];
  assertTagCount(tags);
  return tags;
}

async function writeTags(client: Queryable, { table, id }: Tagged, tags: Tag[]): Promise<void> {
  await client.query(`UPDATE ${table} SET tags = $2 WHERE id = $1`, [id, JSON.stringify(tags)]);
}

function identityLookup(kind: IdentityKind): Lookup {
  return async (client, accountId, name, lock) => {
    const found = await findIdentity(client, accountId, kind, name, lock);
    if (found === undefined) throw noSuchIdentity(kind, name);
    if (lock && found.serviceLinked) throw unmodifiable(name);
    return { table: 'iam_identities', id: found.id, tags: found.tags };
  };
}

const policyLookup: Lookup = async (client, accountId, arn, lock) => {
  assertPolicyArn(arn);
  if (isAwsManaged(arn) && lock) throw invalidInput('Cannot tag a managed policy of AWS.');
  const { rows } = await client.query<{ id: string; tags: Tag[] }>(
    `SELECT id, tags FROM iam_policies WHERE arn = $1 AND account_id = $2${lock ? ' FOR UPDATE' : ''}`,
    [arn, accountId],
  );
  if (rows[0] === undefined) throw noSuchPolicy(arn);
  return { table: 'iam_policies', ...rows[0] };
};

const profileLookup: Lookup = async (client, accountId, name, lock) => {
  const { rows } = await client.query<{ id: string; tags: Tag[] }>(
    `SELECT id, tags FROM iam_instance_profiles WHERE account_id = $1 AND name_key = lower($2) AND name = $2${lock ? ' FOR UPDATE' : ''}`,
    [accountId, name],
  );
  if (rows[0] === undefined) throw noSuchEntity(`Instance Profile ${name} cannot be found.`);
  return { table: 'iam_instance_profiles', ...rows[0] };
};
