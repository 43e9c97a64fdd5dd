import type { OperationHandler } from '@hearth/aws-wire';
import { assertNamespace, DIMENSION } from '../scalable-resource.js';
import type { ActionRow, Place } from '../scaling-store.js';
import { MAX_PAGE, readToken, writeToken, type ScalingParts } from './scaling-parts.js';

interface DescribeScheduledActionsInput {
  ServiceNamespace: string;
  ScheduledActionNames?: string[];
  ResourceId?: string;
  ScalableDimension?: string;
  MaxResults?: number;
  NextToken?: string;
}

export function describeScheduledActions({ store }: ScalingParts): OperationHandler {
  return async (input: DescribeScheduledActionsInput, context) => {
    assertNamespace(input);
    const limit = Math.min(input.MaxResults ?? MAX_PAGE, MAX_PAGE);
    const rows = await store.actions(context, input.ResourceId, input.ScheduledActionNames, readToken(input.NextToken, 2) as [string, string], limit + 1);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return { ScheduledActions: page.map((row) => described(row, context)), NextToken: rows.length > limit ? writeToken([last!.resource_id, last!.name]) : undefined };
  };
}

function described(row: ActionRow, { accountId, region }: Place): Record<string, unknown> {
  return {
    ScheduledActionName: row.name,
    ScheduledActionARN: `arn:aws:autoscaling:${region}:${accountId}:scheduledAction:${row.arn_id}:resource/lambda/${row.resource_id}:scheduledActionName/${row.name}`,
    ServiceNamespace: 'lambda',
    Schedule: row.schedule,
    Timezone: row.timezone ?? undefined,
    ResourceId: row.resource_id,
    ScalableDimension: DIMENSION,
    StartTime: row.start_time ?? undefined,
    EndTime: row.end_time ?? undefined,
    ScalableTargetAction: { MinCapacity: row.min_capacity ?? undefined, MaxCapacity: row.max_capacity ?? undefined },
    CreationTime: row.created_at,
  };
}
