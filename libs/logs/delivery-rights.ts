/** What the role of a function allows the platform to do with the function's log, as on AWS: the three rights of AWSLambdaBasicExecutionRole. */
import type { Permission } from '@hearth/aws-wire';
import type { StreamName } from './group-store.js';
import { streamArn } from './log-arn.js';

/** Whose log it is. */
export interface LogOwner {
  functionName: string;
  roleArn: string;
}

/** Answers at once where it can. Rejects when the policies cannot be read: the lines wait then. */
export type RoleRights = (accountId: string, roleArn: string, permission: Permission) => boolean | Promise<boolean>;

export type DeliveryAction = 'logs:CreateLogGroup' | 'logs:CreateLogStream' | 'logs:PutLogEvents';

export async function mayDeliver(rights: RoleRights, action: DeliveryAction, { roleArn }: LogOwner, { place, group, stream }: StreamName): Promise<boolean> {
  // The resources are those of the API's operations (api/permissions.ts).
  const resource = streamArn(place, group, action === 'logs:CreateLogGroup' ? '' : stream);
  return rights(place.accountId, roleArn, { action, resource });
}
