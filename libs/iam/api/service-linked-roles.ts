import { randomUUID } from 'node:crypto';
import type { OperationHandler } from '@hearth/aws-wire';
import { deleteIdentity, findIdentity, insertIdentity } from '../store/identities.js';
import { invalidInput, noSuchEntity, noSuchIdentity } from './errors.js';
import { assertRoomFor } from './identity-input.js';
import type { IamParts } from './parts.js';
import { MIN_SESSION_SECONDS } from './quotas.js';
import { fullRole } from './shapes.js';

/* Roles that a service assumes by itself, under names and paths that clients expect. */

interface CreateServiceLinkedRoleInput {
  AWSServiceName: string;
  Description?: string;
  CustomSuffix?: string;
}

/** Names that do not follow from the service's. */
const NAMES: Record<string, string> = {
  'autoscaling.amazonaws.com': 'AutoScaling',
  'dynamodb.application-autoscaling.amazonaws.com': 'ApplicationAutoScaling_DynamoDBTable',
  'lambda.application-autoscaling.amazonaws.com': 'ApplicationAutoScaling_LambdaConcurrency',
  'ecs.amazonaws.com': 'ECS',
  'elasticloadbalancing.amazonaws.com': 'ElasticLoadBalancing',
  'ops.apigateway.amazonaws.com': 'APIGateway',
  'rds.amazonaws.com': 'RDS',
  'apidestinations.events.amazonaws.com': 'AmazonEventBridgeApiDestinations',
};

const SERVICE = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com$/;
const TASK = /^task\/aws-service-role\/[^/]+\/([^/]+)\/[0-9a-f-]{36}$/;

export function serviceLinkedRoleOperations({ database }: IamParts): Record<string, OperationHandler> {
  return {
    CreateServiceLinkedRole: async (input: CreateServiceLinkedRoleInput, { accountId }) => {
      const service = input.AWSServiceName;
      if (!SERVICE.test(service)) throw invalidInput(`Service Linked Role cannot be created for ${service}.`);
      const { name, path } = serviceLinkedRole(service, input.CustomSuffix);
      return database.transaction(async (client) => {
        await assertRoomFor(client, accountId, 'role');
        const role = await insertIdentity(client, {
          accountId,
          kind: 'role',
          name,
          path,
          tags: [],
          description: input.Description ?? null,
          trustPolicy: trustPolicy(service),
          maxSessionSeconds: MIN_SESSION_SECONDS,
          serviceLinked: true,
        });
        if (role === undefined)
          throw invalidInput(`Service role name ${name} has been taken in this account, please try a different suffix.`);
        return { Role: fullRole(role) };
      });
    },
    /** Nothing of Hearth hangs on such a role, so it is gone when the answer arrives. */
    DeleteServiceLinkedRole: async (input: { RoleName: string }, { accountId }) =>
      database.transaction(async (client) => {
        const role = await findIdentity(client, accountId, 'role', input.RoleName, true);
        if (role === undefined) throw noSuchIdentity('role', input.RoleName);
        if (!role.serviceLinked) throw invalidInput(`Role ${input.RoleName} is not a service-linked role.`);
        await deleteIdentity(client, role.id);
        return { DeletionTaskId: `task${role.path}${role.name}/${randomUUID()}` };
      }),
    GetServiceLinkedRoleDeletionStatus: async (input: { DeletionTaskId: string }, { accountId }) => {
      const name = TASK.exec(input.DeletionTaskId)?.[1];
      if (name === undefined || (await findIdentity(database.pool, accountId, 'role', name)) !== undefined)
        throw noSuchEntity(`Deletion task ${input.DeletionTaskId} cannot be found.`);
      return { Status: 'SUCCEEDED' };
    },
  };
}

/** Name and path of a service's own role. */
export function serviceLinkedRole(service: string, suffix: string | undefined): { name: string; path: string } {
  return {
    name: `AWSServiceRoleFor${serviceName(service)}${suffix === undefined ? '' : `_${suffix}`}`,
    path: `/aws-service-role/${service}/`,
  };
}

/** `replicator.lambda.amazonaws.com` -> `LambdaReplicator` */
function serviceName(service: string): string {
  const capitalised = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  return (
    NAMES[service] ??
    service
      .slice(0, -'.amazonaws.com'.length)
      .split('.')
      .reverse()
      .map((part) => part.split('-').map(capitalised).join(''))
      .join('')
  );
}

function trustPolicy(service: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  });
}
