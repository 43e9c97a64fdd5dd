export {
  AuditLog,
  AuditTrail,
  LOST_EVENTS_ACTION,
  type AuditCursor,
  type AuditEvent,
  type AuditFilter,
  type AuditLogOptions,
  type AuditPage,
  type RecordedEvent,
} from './audit/index.js';
export { SealError, SecretBox, type SecretBoxOptions } from './secret-box.js';
export { deriveKey, loadMasterKey, type MasterKeyOptions } from './master-key.js';
export { accountRootArn, type AccessKey } from './access-key.js';
export { KeyStore, type KeyStoreOptions, type NewAccessKey } from './key-store.js';
export { ensureAdministrator, type Administrator, type AdministratorOptions } from './administrator.js';
export type { CallerContext, IamParts, PolicyDocuments } from './api/parts.js';
export {
  conditionKeysOf,
  Guard,
  type Explanation,
  type ForeignPrincipal,
  type GuardOptions,
  type RequestFacts,
  type ResourcePolicies,
} from './guard/index.js';
export {
  evaluate,
  parsePolicy,
  type AuthorisationRequest,
  type Decision,
  type ParsedPolicy,
  type PolicyKind,
  type PolicySet,
} from './policy/index.js';
export { iamOperations } from './api/operations.js';
export { iamPermissions, passRole, type Permission, type PermissionMapping } from './api/permissions.js';
export { policyDocuments } from './api/policy-documents.js';
export { createAccount, disableAccount, enableAccount, listAccounts, type Account, type NewAccount } from './store/accounts.js';
export { KeyUsage, type KeyUsageOptions } from './store/key-usage.js';
export {
  POLICY_CHANGES_CHANNEL,
  PrincipalPolicyStore,
  type PolicySource,
  type PrincipalPolicies,
  type PrincipalReference,
} from './store/principal-policies.js';
export { removeExpiredSessions } from './store/sessions.js';
export type { Tag } from './store/tag.js';
export { ExecutionRoles, LAMBDA_SERVICE, type ExecutionRolesOptions, type PassedRole } from './sts/execution-roles.js';
export { stsOperations, stsPermissions } from './sts/operations.js';
export type { StsParts } from './sts/parts.js';
export type { TemporaryCredentials } from './sts/temporary-key.js';
export { principalKeys, principalOf } from './sts/trust.js';
