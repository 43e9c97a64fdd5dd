import type { OperationHandler } from '@hearth/aws-wire';
import type { IamParts } from './parts.js';
import * as quotas from './quotas.js';

interface Counts {
  Users: number;
  Groups: number;
  Roles: number;
  Policies: number;
  PolicyVersionsInUse: number;
  InstanceProfiles: number;
  AccountAccessKeysPresent: number;
}

const QUOTAS = {
  UsersQuota: quotas.USERS_QUOTA,
  GroupsQuota: quotas.GROUPS_QUOTA,
  RolesQuota: quotas.ROLES_QUOTA,
  PoliciesQuota: quotas.POLICIES_QUOTA,
  InstanceProfilesQuota: quotas.INSTANCE_PROFILES_QUOTA,
  GroupsPerUserQuota: quotas.GROUPS_PER_USER,
  AccessKeysPerUserQuota: quotas.ACCESS_KEYS_PER_USER,
  AttachedPoliciesPerUserQuota: quotas.ATTACHED_POLICIES,
  AttachedPoliciesPerGroupQuota: quotas.ATTACHED_POLICIES,
  AttachedPoliciesPerRoleQuota: quotas.ATTACHED_POLICIES,
  VersionsPerPolicyQuota: quotas.VERSIONS_PER_POLICY,
  PolicySizeQuota: quotas.MANAGED_POLICY_SIZE,
  UserPolicySizeQuota: quotas.INLINE_POLICIES_SIZE.user,
  GroupPolicySizeQuota: quotas.INLINE_POLICIES_SIZE.group,
  RolePolicySizeQuota: quotas.INLINE_POLICIES_SIZE.role,
  AssumeRolePolicySizeQuota: quotas.TRUST_POLICY_SIZE,
  AccountMFAEnabled: 0,
  AccountPasswordPresent: 0,
  MFADevices: 0,
  MFADevicesInUse: 0,
  Providers: 0,
  ServerCertificates: 0,
};

export function accountOperations({ database }: IamParts): Record<string, OperationHandler> {
  return {
    GetAccountSummary: async (_input: unknown, { accountId }) => {
      const { rows } = await database.pool.query<Counts>(
        `SELECT count(*) FILTER (WHERE kind = 'user')::int AS "Users", count(*) FILTER (WHERE kind = 'group')::int AS "Groups", count(*) FILTER (WHERE kind = 'role')::int AS "Roles",
           (SELECT count(*)::int FROM iam_policies WHERE account_id = $1) AS "Policies",
           (SELECT count(*)::int FROM iam_policies p JOIN iam_policy_versions v ON v.policy_id = p.id WHERE p.account_id = $1) AS "PolicyVersionsInUse",
           (SELECT count(*)::int FROM iam_instance_profiles WHERE account_id = $1) AS "InstanceProfiles",
           (SELECT count(*)::int FROM access_keys WHERE account_id = $1 AND identity_id IS NULL AND expires_at IS NULL) AS "AccountAccessKeysPresent"
         FROM iam_identities WHERE account_id = $1`,
        [accountId],
      );
      return { SummaryMap: { ...QUOTAS, ...rows[0] } };
    },
  };
}
