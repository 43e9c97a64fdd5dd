import type { OperationHandler, PermissionMapping } from '@hearth/aws-wire';
import type { Database } from '@hearth/database';
import type { Clock } from '@hearth/kernel';
import { deleteScheduledAction } from './api/delete-scheduled-action.js';
import { deregisterScalableTarget } from './api/deregister-scalable-target.js';
import { describeScalableTargets } from './api/describe-scalable-targets.js';
import { describeScheduledActions } from './api/describe-scheduled-actions.js';
import { putScheduledAction } from './api/put-scheduled-action.js';
import { registerScalableTarget } from './api/register-scalable-target.js';
import type { ScalingParts } from './api/scaling-parts.js';
import type { ProvisionedCapacity } from './provisioned-port.js';
import { ScalingStore } from './scaling-store.js';

/** Application Auto Scaling of provisioned concurrency by schedule: what the endpoint serves. */
export function createAutoScaling({ database, provisioned, clock }: { database: Database; provisioned: ProvisionedCapacity; clock: Clock }): {
  operations: Record<string, OperationHandler>;
  permissions: Record<string, PermissionMapping>;
} {
  const parts: ScalingParts = { store: new ScalingStore(database), provisioned, clock };
  const operations = {
    RegisterScalableTarget: registerScalableTarget(parts),
    DeregisterScalableTarget: deregisterScalableTarget(parts),
    DescribeScalableTargets: describeScalableTargets(parts),
    PutScheduledAction: putScheduledAction(parts),
    DescribeScheduledActions: describeScheduledActions(parts),
    DeleteScheduledAction: deleteScheduledAction(parts),
  };
  // Policies may name the resource and the dimension by condition keys only, before the target is there.
  const permissions = Object.fromEntries(
    Object.keys(operations).map((operation): [string, PermissionMapping] => [
      operation,
      (input: { ServiceNamespace?: string; ScalableDimension?: string }) => ({
        action: `application-autoscaling:${operation}`,
        resource: '*',
        context: {
          ...(input.ServiceNamespace && { 'application-autoscaling:service-namespace': [input.ServiceNamespace] }),
          ...(input.ScalableDimension && { 'application-autoscaling:scalable-dimension': [input.ScalableDimension] }),
        },
      }),
    ]),
  );
  return { operations, permissions };
}
