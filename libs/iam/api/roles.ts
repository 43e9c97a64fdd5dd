import type { OperationHandler } from '@hearth/aws-wire';
import type { Queryable } from '../store/queryable.js';
import { deleteIdentity, insertIdentity, listIdentities, nameKey, type Identity } from '../store/identities.js';
import type { Tag } from '../store/tag.js';
import { withArns, withUniqueIds } from '../store/trust-principals.js';
import {
  alreadyExists,
  deleteConflict,
  malformedPolicyDocument,
  quotaExceeded,
  unsupportedMember,
  validationError,
} from './errors.js';
import { assertRoomFor, boundaryOf, existing, locked } from './identity-input.js';
import { pageAnswer, pageRequest, type PagedInput } from './paging.js';
import type { IamParts } from './parts.js';
import { documentSize, MAX_SESSION_SECONDS, MIN_SESSION_SECONDS, TRUST_POLICY_SIZE } from './quotas.js';
import { fullRole, listedRole } from './shapes.js';
import { assertTags } from './tags.js';

interface CreateRoleInput {
  RoleName: string;
  AssumeRolePolicyDocument: string;
  Path?: string;
  Description?: string;
  MaxSessionDuration?: number;
  MaxSigninSessionDuration?: number;
  PermissionsBoundary?: string;
  Tags?: Tag[];
}

interface UpdateRoleInput {
  RoleName: string;
  Description?: string;
  MaxSessionDuration?: number;
  MaxSigninSessionDuration?: number;
  ResetMaxSigninSessionDuration?: boolean;
}

export function roleOperations({ database, documents }: IamParts): Record<string, OperationHandler> {
  const assertTrustPolicy = (document: string): void => {
    documents.checkTrustPolicy(document);
    if (documentSize(document) > TRUST_POLICY_SIZE) throw quotaExceeded('ACLSizePerRole', TRUST_POLICY_SIZE);
  };
  const told = async (role: Identity, client: Queryable = database.pool): Promise<Record<string, unknown>> =>
    fullRole((await withArns(client, [role]))[0]!);
  return {
    CreateRole: async (input: CreateRoleInput, { accountId }) => {
      if (input.MaxSigninSessionDuration !== undefined) throw unsupportedMember('CreateRole', 'MaxSigninSessionDuration');
      const tags = input.Tags ?? [];
      assertTags(tags);
      assertTrustPolicy(input.AssumeRolePolicyDocument);
      assertDuration(input.MaxSessionDuration);
      return database.transaction(async (client) => {
        await assertRoomFor(client, accountId, 'role');
        const boundary =
          input.PermissionsBoundary === undefined ? {} : await boundaryOf(client, accountId, input.PermissionsBoundary);
        const trustPolicy = await storedTrust(client, input.AssumeRolePolicyDocument);
        const role = await insertIdentity(client, {
          accountId,
          kind: 'role',
          name: input.RoleName,
          path: input.Path ?? '/',
          tags,
          ...boundary,
          description: input.Description ?? null,
          trustPolicy,
          maxSessionSeconds: input.MaxSessionDuration ?? MIN_SESSION_SECONDS,
        });
        if (role === undefined) throw alreadyExists(`Role with name ${input.RoleName} already exists.`);
        return { Role: await told(role, client) };
      });
    },
    GetRole: async (input: { RoleName: string }, { accountId }) => ({
      Role: await told(await existing(database.pool, accountId, 'role', input.RoleName)),
    }),
    ListRoles: async (input: { PathPrefix?: string } & PagedInput, { accountId }) => {
      const request = pageRequest(input);
      const roles = await listIdentities(database.pool, { accountId, kind: 'role', pathPrefix: input.PathPrefix, ...request });
      return pageAnswer('Roles', await withArns(database.pool, roles), request, ({ name }) => nameKey(name), listedRole);
    },
    UpdateRole: async (input: UpdateRoleInput, { accountId }) => {
      for (const member of ['MaxSigninSessionDuration', 'ResetMaxSigninSessionDuration'] as const) {
        if (input[member] !== undefined) throw unsupportedMember('UpdateRole', member);
      }
      assertDuration(input.MaxSessionDuration);
      await database.transaction(async (client) => {
        const role = await locked(client, accountId, 'role', input.RoleName);
        await client.query('UPDATE iam_identities SET description = $2, max_session_seconds = $3 WHERE id = $1', [
          role.id,
          input.Description ?? role.description,
          input.MaxSessionDuration ?? role.maxSessionSeconds,
        ]);
      });
      return {};
    },
    UpdateRoleDescription: async (input: { RoleName: string; Description: string }, { accountId }) =>
      database.transaction(async (client) => {
        const role = await locked(client, accountId, 'role', input.RoleName);
        await client.query('UPDATE iam_identities SET description = $2 WHERE id = $1', [role.id, input.Description]);
        return { Role: await told({ ...role, description: input.Description }, client) };
      }),
    UpdateAssumeRolePolicy: async (input: { RoleName: string; PolicyDocument: string }, { accountId }) => {
      assertTrustPolicy(input.PolicyDocument);
      await database.transaction(async (client) => {
        const role = await locked(client, accountId, 'role', input.RoleName);
        await client.query('UPDATE iam_identities SET trust_policy = $2 WHERE id = $1', [
          role.id,
          await storedTrust(client, input.PolicyDocument),
        ]);
      });
      return {};
    },
    DeleteRole: async (input: { RoleName: string }, { accountId }) => {
      await database.transaction(async (client) => {
        const role = await locked(client, accountId, 'role', input.RoleName);
        await assertUnused(client, role.id);
        // Its sessions' keys go with it, and every key cache hears of it.
        await deleteIdentity(client, role.id);
      });
      return {};
    },
  };
}

/** @throws ServiceError MalformedPolicyDocument when it names a user or role that does not exist */
async function storedTrust(client: Queryable, document: string): Promise<string> {
  const stored = await withUniqueIds(client, document);
  if ('unknown' in stored) throw malformedPolicyDocument(`Invalid principal in policy: "AWS":"${stored.unknown}"`);
  return stored.document;
}

function assertDuration(seconds: number | undefined): void {
  if (seconds !== undefined && (seconds < MIN_SESSION_SECONDS || seconds > MAX_SESSION_SECONDS)) {
    throw validationError(
      `The requested MaxSessionDuration must be between ${MIN_SESSION_SECONDS} and ${MAX_SESSION_SECONDS} seconds`,
    );
  }
}

async function assertUnused(client: Queryable, roleId: string): Promise<void> {
  const { rows } = await client.query<{ profiled: boolean; attached: boolean; inline: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM iam_instance_profiles WHERE role_id = $1) AS profiled,
            EXISTS (SELECT 1 FROM iam_attachments WHERE identity_id = $1) AS attached,
            EXISTS (SELECT 1 FROM iam_inline_policies WHERE identity_id = $1) AS inline`,
    [roleId],
  );
  const { profiled, attached, inline } = rows[0]!;
  if (profiled) throw deleteConflict('Cannot delete entity, must remove roles from instance profile first.');
  if (attached) throw deleteConflict('Cannot delete entity, must detach all policies first.');
  if (inline) throw deleteConflict('Cannot delete entity, must delete policies first.');
}
