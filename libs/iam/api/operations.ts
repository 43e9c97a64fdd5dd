import type { OperationHandler } from '@hearth/aws-wire';
import { accessKeyOperations } from './access-keys.js';
import { absentCredentialOperations } from './absent-credentials.js';
import { accountAliasOperations } from './account-aliases.js';
import { accountAuthorizationDetails } from './account-authorization-details.js';
import { accountOperations } from './account.js';
import { attachedPolicyOperations } from './attached-policies.js';
import { contextKeyOperations } from './context-keys.js';
import { groupOperations } from './groups.js';
import { inlinePolicyOperations } from './inline-policies.js';
import { instanceProfileOperations } from './instance-profiles.js';
import { managedPolicyOperations } from './managed-policies.js';
import type { IamParts } from './parts.js';
import { permissionsBoundaryOperations } from './permissions-boundaries.js';
import { policyEntityOperations } from './policy-entities.js';
import { roleOperations } from './roles.js';
import { serviceLinkedRoleOperations } from './service-linked-roles.js';
import { simulationOperations } from './simulate-policies.js';
import { tagOperations } from './tags.js';
import { userOperations } from './users.js';

/** The operations of IAM by name. */
export function iamOperations(parts: IamParts): Record<string, OperationHandler> {
  return {
    ...userOperations(parts),
    ...accessKeyOperations(parts),
    ...groupOperations(parts),
    ...roleOperations(parts),
    ...serviceLinkedRoleOperations(parts),
    ...attachedPolicyOperations(parts),
    ...inlinePolicyOperations(parts),
    ...permissionsBoundaryOperations(parts),
    ...managedPolicyOperations(parts),
    ...policyEntityOperations(parts),
    ...tagOperations(parts),
    ...instanceProfileOperations(parts),
    ...accountOperations(parts),
    ...accountAliasOperations(parts),
    ...accountAuthorizationDetails(parts),
    ...absentCredentialOperations(parts),
    ...simulationOperations(parts),
    ...contextKeyOperations(parts),
  };
}
