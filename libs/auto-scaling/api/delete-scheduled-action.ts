import type { OperationHandler } from '@hearth/aws-wire';
import { notFound } from '../errors.js';
import { scalableResource, type NamedResource } from '../scalable-resource.js';
import type { ScalingParts } from './scaling-parts.js';

export function deleteScheduledAction({ store }: ScalingParts): OperationHandler {
  return async (input: NamedResource & { ScheduledActionName: string }, context) => {
    const { resourceId } = scalableResource(input);
    if (!(await store.deleteAction(context, resourceId, input.ScheduledActionName))) throw notFound('scheduled action', resourceId);
    return {};
  };
}
