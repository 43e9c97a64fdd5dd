export {
  AuditLog,
  AuditTrail,
  expireAuditEvents,
  LOST_EVENTS_ACTION,
  type AuditCursor,
  type AuditEvent,
  type AuditFilter,
  type AuditLogOptions,
  type AuditPage,
  type RecordedEvent,
} from './audit/index.js';
export { SealError, SecretBox, type SecretBoxOptions } from './secret-box.js';
export { addMasterKey, deriveKey, dropPreviousMasterKeys, loadMasterKey, loadMasterKeys, type MasterKeyOptions, type MasterKeys } from './master-key.js';
export {
  accessKeySecrets,
  createKey,
  Keyring,
  listKeys,
  outdated,
  rewrapDataKeys,
  rotateKeys,
  UnknownKeyError,
  type KeyringOptions,
  type KeySummary,
  type NamedKey,
  type Rotated,
  type RotationOptions,
  type SealedValues,
  type SecretSealer,
} from './keyring/index.js';
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
export { removeLostSandboxHosts, RENEW_MS as SANDBOX_HOST_RENEW_MS } from './store/sandbox-hosts.js';
export type { Tag } from './store/tag.js';
export { ExecutionRoles, LAMBDA_SERVICE, type ExecutionRolesOptions, type PassedRole } from './sts/execution-roles.js';
export { SandboxCredentials, type SandboxCredentialsOptions, type SandboxFunction, type SandboxKey } from './sts/sandbox-credentials.js';
export { stsOperations, stsPermissions } from './sts/operations.js';
export type { StsParts } from './sts/parts.js';
export type { TemporaryCredentials } from './sts/temporary-key.js';
export { principalKeys, principalOf } from './sts/trust.js';
