/* Quotas of IAM; GetAccountSummary tells them (spec/iam-and-sts.md 6). Numbers of entities are those AWS grants on request, not its defaults. */

export const USERS_QUOTA = 5_000;
export const GROUPS_QUOTA = 500;
export const ROLES_QUOTA = 5_000;
export const POLICIES_QUOTA = 5_000;
export const INSTANCE_PROFILES_QUOTA = 5_000;
export const GROUPS_PER_USER = 10;
export const ACCESS_KEYS_PER_USER = 2;
export const VERSIONS_PER_POLICY = 5;
export const TAGS_PER_ENTITY = 50;
/** Managed policies attached to one identity. */
export const ATTACHED_POLICIES = 10;
/** Sizes of documents in characters without blanks. */
export const MANAGED_POLICY_SIZE = 6_144;
export const TRUST_POLICY_SIZE = 2_048;
/** All inline policies of one identity together. */
export const INLINE_POLICIES_SIZE = { user: 2_048, group: 5_120, role: 10_240 } as const;
export const MIN_SESSION_SECONDS = 3_600;
export const MAX_SESSION_SECONDS = 43_200;

/** White space does not count towards the sizes of documents. */
export function documentSize(document: string): number {
  return document.replace(/\s/g, '').length;
}
