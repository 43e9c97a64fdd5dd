import { ServiceError } from '@hearth/kernel';
import { accountRootArn } from './access-key.js';

export interface Principal {
  accountId: string;
  principalArn: string;
}

/**
 * The one guard of every operation. Today only the account's root, the administrator, is permitted, and everything else is denied;
 * identity and resource policies will be evaluated here.
 * @param action for instance `lambda:InvokeFunction`
 * @param resource ARN, or `*` where the operation has no resource
 * @throws ServiceError AccessDeniedException
 */
export function authorise(principal: Principal, action: string, resource: string): void {
  if (principal.principalArn === accountRootArn(principal.accountId) && ownedBy(principal.accountId, resource)) return;
  throw new ServiceError(
    'AccessDeniedException',
    403,
    `User: ${principal.principalArn} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
    { fault: null },
  );
}

/** Nothing crosses an account without a policy that allows it. */
function ownedBy(accountId: string, resource: string): boolean {
  return resource === '*' || resource.split(':')[4] === accountId;
}
