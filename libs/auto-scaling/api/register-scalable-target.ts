import { randomUUID } from 'node:crypto';
import type { OperationHandler } from '@hearth/aws-wire';
import { ServiceError } from '@hearth/kernel';
import { invalid, notSupported } from '../errors.js';
import { assertBounds, scalableResource, type NamedResource } from '../scalable-resource.js';
import type { SuspendedState } from '../scaling-store.js';
import { targetArn, type ScalingParts } from './scaling-parts.js';

interface RegisterScalableTargetInput extends NamedResource {
  MinCapacity?: number;
  MaxCapacity?: number;
  RoleARN?: string;
  SuspendedState?: Partial<SuspendedState>;
  Tags?: Record<string, string>;
}

const NOTHING_SUSPENDED: SuspendedState = { DynamicScalingInSuspended: false, DynamicScalingOutSuspended: false, ScheduledScalingSuspended: false };

/** Registers, or changes what is given. The capacity itself changes with the next scheduled action. RoleARN has no meaning for Lambda, as on AWS. */
export function registerScalableTarget({ store, provisioned, clock }: ScalingParts): OperationHandler {
  return async (input: RegisterScalableTargetInput, context) => {
    const { resourceId, functionName, qualifier } = scalableResource(input);
    if (Object.keys(input.Tags ?? {}).length > 0) throw notSupported('Tags');
    const known = await store.target(context, resourceId);
    const min = input.MinCapacity ?? known?.min_capacity;
    const max = input.MaxCapacity ?? known?.max_capacity;
    if (min === undefined || max === undefined) throw invalid('MinCapacity and MaxCapacity are required to register a new scalable target.');
    assertBounds(min, max);
    if (known === undefined) {
      await provisioned.current(context, functionName, qualifier).catch((error: unknown) => {
        throw error instanceof ServiceError && error.status < 500 ? invalid(error.message) : error;
      });
    }
    const arnId = known?.arn_id ?? randomUUID().replaceAll('-', '');
    const suspended_state = { ...NOTHING_SUSPENDED, ...known?.suspended_state, ...input.SuspendedState };
    await store.putTarget({ account_id: context.accountId, region: context.region, resource_id: resourceId, arn_id: arnId, min_capacity: min, max_capacity: max, suspended_state, created_at: known?.created_at ?? new Date(clock.now()) });
    return { ScalableTargetARN: targetArn(context, arnId) };
  };
}
