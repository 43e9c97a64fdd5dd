import type { OperationHandler } from '@hearth/aws-wire';
import { notFound } from '../errors.js';
import { scalableResource, type NamedResource } from '../scalable-resource.js';
import type { ScalingParts } from './scaling-parts.js';

/** Its scheduled actions go with it; the capacity stays as it is. */
export function deregisterScalableTarget({ store }: ScalingParts): OperationHandler {
  return async (input: NamedResource, context) => {
    const { resourceId } = scalableResource(input);
    if (!(await store.deleteTarget(context, resourceId))) throw notFound('scalable target', resourceId);
    return {};
  };
}
