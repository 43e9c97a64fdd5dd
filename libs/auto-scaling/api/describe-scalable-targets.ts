import type { OperationHandler } from '@hearth/aws-wire';
import { assertNamespace, DIMENSION } from '../scalable-resource.js';
import { MAX_PAGE, readToken, serviceRoleArn, targetArn, writeToken, type ScalingParts } from './scaling-parts.js';

interface DescribeScalableTargetsInput {
  ServiceNamespace: string;
  ResourceIds?: string[];
  ScalableDimension?: string;
  MaxResults?: number;
  NextToken?: string;
}

export function describeScalableTargets({ store }: ScalingParts): OperationHandler {
  return async (input: DescribeScalableTargetsInput, context) => {
    assertNamespace(input);
    const limit = Math.min(input.MaxResults ?? MAX_PAGE, MAX_PAGE);
    const [after] = readToken(input.NextToken, 1) as [string];
    const rows = await store.targets(context, input.ResourceIds, after, limit + 1);
    const page = rows.slice(0, limit);
    return {
      ScalableTargets: page.map((row) => ({
        ServiceNamespace: 'lambda',
        ResourceId: row.resource_id,
        ScalableDimension: DIMENSION,
        MinCapacity: row.min_capacity,
        MaxCapacity: row.max_capacity,
        RoleARN: serviceRoleArn(context),
        CreationTime: row.created_at,
        SuspendedState: row.suspended_state,
        ScalableTargetARN: targetArn(context, row.arn_id),
      })),
      NextToken: rows.length > limit ? writeToken([page.at(-1)!.resource_id]) : undefined,
    };
  };
}
