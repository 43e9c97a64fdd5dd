import type { OperationHandler } from '@hearth/aws-wire';
import { ServiceError } from '@hearth/kernel';
import { lockAccount } from '../store/identities.js';
import type { Queryable } from '../store/queryable.js';
import { isAwsManaged } from '../store/aws-managed-policies.js';
import {
  countPolicies,
  findPolicy,
  insertPolicy,
  listPolicies,
  policyKey,
  policyVersions,
  type ManagedPolicy,
  type PolicyList,
} from '../store/managed-policies.js';
import type { Tag } from '../store/tag.js';
import { alreadyExists, deleteConflict, limitExceeded, noSuchEntity, noSuchPolicy, quotaExceeded } from './errors.js';
import { assertPolicyArn } from './identity-input.js';
import { pageAnswer, pageRequest, type PagedInput } from './paging.js';
import type { IamParts } from './parts.js';
import { documentSize, MANAGED_POLICY_SIZE, POLICIES_QUOTA, VERSIONS_PER_POLICY } from './quotas.js';
import { encodedDocument, fullPolicy, listedPolicy, listedVersion } from './shapes.js';
import { assertTags } from './tags.js';

interface CreatePolicyInput {
  PolicyName: string;
  PolicyDocument: string;
  Path?: string;
  Description?: string;
  Tags?: Tag[];
}

interface ListPoliciesInput extends PagedInput {
  Scope?: PolicyList['scope'];
  OnlyAttached?: boolean;
  PathPrefix?: string;
  PolicyUsageFilter?: NonNullable<PolicyList['usage']>;
}

interface VersionInput {
  PolicyArn: string;
  VersionId: string;
}

export function managedPolicyOperations({ database, documents }: IamParts): Record<string, OperationHandler> {
  const assertDocument = (document: string): void => {
    documents.checkIdentityPolicy(document);
    if (documentSize(document) > MANAGED_POLICY_SIZE) throw quotaExceeded('PolicySize', MANAGED_POLICY_SIZE);
  };
  return {
    CreatePolicy: async (input: CreatePolicyInput, { accountId }) => {
      const tags = input.Tags ?? [];
      assertTags(tags);
      assertDocument(input.PolicyDocument);
      return database.transaction(async (client) => {
        await lockAccount(client, accountId);
        if ((await countPolicies(client, accountId)) >= POLICIES_QUOTA) throw quotaExceeded('PoliciesPerAccount', POLICIES_QUOTA);
        const policy = await insertPolicy(client, {
          accountId,
          name: input.PolicyName,
          path: input.Path ?? '/',
          description: input.Description ?? null,
          document: input.PolicyDocument,
          tags,
        });
        if (policy === undefined)
          throw alreadyExists(`A policy called ${input.PolicyName} already exists. Duplicate names are not allowed.`);
        return { Policy: fullPolicy(policy) };
      });
    },
    GetPolicy: async (input: { PolicyArn: string }, { accountId }) => ({
      Policy: fullPolicy(await policyOf(database.pool, accountId, input.PolicyArn)),
    }),
    ListPolicies: async (input: ListPoliciesInput, { accountId }) => {
      const request = pageRequest(input);
      const usage = input.PolicyUsageFilter;
      const onlyAttached = (input.OnlyAttached ?? false) || usage !== undefined;
      const found = await listPolicies(database.pool, {
        accountId,
        scope: input.Scope ?? 'All',
        onlyAttached,
        usage,
        pathPrefix: input.PathPrefix ?? '/',
        ...request,
      });
      return pageAnswer('Policies', found, request, policyKey, listedPolicy);
    },
    DeletePolicy: async (input: { PolicyArn: string }, { accountId }) => {
      await database.transaction(async (client) => {
        const policy = await lockedPolicy(client, accountId, input.PolicyArn);
        if (policy.attachments > 0 || policy.boundaries > 0) throw deleteConflict('Cannot delete a policy attached to entities.');
        if ((await policyVersions(client, policy)).length > 1) {
          throw deleteConflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
          );
        }
        await client.query('DELETE FROM iam_policies WHERE id = $1', [policy.rowId]);
      });
      return {};
    },
    CreatePolicyVersion: async (input: { PolicyArn: string; PolicyDocument: string; SetAsDefault?: boolean }, { accountId }) => {
      assertDocument(input.PolicyDocument);
      return database.transaction(async (client) => {
        const policy = await lockedPolicy(client, accountId, input.PolicyArn);
        if ((await policyVersions(client, policy)).length >= VERSIONS_PER_POLICY) {
          throw limitExceeded(
            `A managed policy can have up to ${VERSIONS_PER_POLICY} versions. Before you create a new version, you must delete an existing version.`,
          );
        }
        const { rows } = await client.query<{ version: number; created_at: Date }>(
          `INSERT INTO iam_policy_versions (policy_id, version, document) SELECT id, next_version, $2 FROM iam_policies WHERE id = $1 RETURNING version, created_at`,
          [policy.rowId, input.PolicyDocument],
        );
        const { version, created_at } = rows[0]!;
        const isDefault = input.SetAsDefault ?? false;
        await client.query('UPDATE iam_policies SET next_version = next_version + 1, updated_at = now() WHERE id = $1', [
          policy.rowId,
        ]);
        if (isDefault) await setDefault(client, policy, version);
        return {
          PolicyVersion: listedVersion({
            versionId: `v${version}`,
            isDefault,
            document: input.PolicyDocument,
            createdAt: created_at,
          }),
        };
      });
    },
    GetPolicyVersion: async (input: VersionInput, { accountId }) => {
      const policy = await policyOf(database.pool, accountId, input.PolicyArn);
      const version = (await policyVersions(database.pool, policy)).find(({ versionId }) => versionId === input.VersionId);
      if (version === undefined) throw noSuchVersion(input);
      return { PolicyVersion: { Document: encodedDocument(version.document), ...listedVersion(version) } };
    },
    ListPolicyVersions: async (input: { PolicyArn: string } & PagedInput, { accountId }) => {
      const request = pageRequest(input);
      const versions = await policyVersions(database.pool, await policyOf(database.pool, accountId, input.PolicyArn));
      const older = (versionId: string): boolean =>
        request.after === '' || Number(versionId.slice(1)) < Number(request.after.slice(1));
      return pageAnswer(
        'Versions',
        versions.filter(({ versionId }) => older(versionId)),
        request,
        ({ versionId }) => versionId,
        listedVersion,
      );
    },
    SetDefaultPolicyVersion: async (input: VersionInput, { accountId }) => {
      await database.transaction(async (client) => {
        const policy = await lockedPolicy(client, accountId, input.PolicyArn);
        if (!(await policyVersions(client, policy)).some(({ versionId }) => versionId === input.VersionId))
          throw noSuchVersion(input);
        await setDefault(client, policy, Number(input.VersionId.slice(1)));
      });
      return {};
    },
    DeletePolicyVersion: async (input: VersionInput, { accountId }) => {
      await database.transaction(async (client) => {
        const policy = await lockedPolicy(client, accountId, input.PolicyArn);
        if (!(await policyVersions(client, policy)).some(({ versionId }) => versionId === input.VersionId))
          throw noSuchVersion(input);
        if (policy.defaultVersionId === input.VersionId) throw deleteConflict('Cannot delete the default version of a policy.');
        await client.query('DELETE FROM iam_policy_versions WHERE policy_id = $1 AND version = $2', [
          policy.rowId,
          Number(input.VersionId.slice(1)),
        ]);
      });
      return {};
    },
  };
}

async function policyOf(client: Queryable, accountId: string, arn: string): Promise<ManagedPolicy> {
  assertPolicyArn(arn);
  const policy = await findPolicy(client, accountId, arn);
  if (policy === undefined) throw noSuchPolicy(arn);
  return policy;
}

/** Changes of one policy go one by one, and exclude that it is being attached. */
async function lockedPolicy(client: Queryable, accountId: string, arn: string): Promise<ManagedPolicy> {
  assertPolicyArn(arn);
  if (isAwsManaged(arn))
    throw new ServiceError('AccessDenied', 403, `The policy ${arn} is managed by AWS and cannot be changed.`);
  const policy = await findPolicy(client, accountId, arn, 'FOR UPDATE');
  if (policy === undefined) throw noSuchPolicy(arn);
  return policy;
}

async function setDefault(client: Queryable, policy: ManagedPolicy, version: number): Promise<void> {
  await client.query('UPDATE iam_policies SET default_version = $2, updated_at = now() WHERE id = $1', [policy.rowId, version]);
}

function noSuchVersion({ PolicyArn, VersionId }: VersionInput): Error {
  return noSuchEntity(`Policy ${PolicyArn} version ${VersionId} does not exist or is not attachable.`);
}
