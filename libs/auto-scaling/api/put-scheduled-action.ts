import { randomUUID } from 'node:crypto';
import type { OperationHandler } from '@hearth/aws-wire';
import { dueAfter } from '../due-time.js';
import { invalid, notFound } from '../errors.js';
import { assertBounds, scalableResource, type NamedResource } from '../scalable-resource.js';
import { parseSchedule } from '../schedule-expression.js';
import type { ActionRow } from '../scaling-store.js';
import type { ScalingParts } from './scaling-parts.js';

interface PutScheduledActionInput extends NamedResource {
  ScheduledActionName: string;
  Schedule?: string;
  Timezone?: string;
  StartTime?: Date;
  EndTime?: Date;
  ScalableTargetAction?: { MinCapacity?: number; MaxCapacity?: number };
}

/** Of one that exists, absent members keep their value, but for its start and end: absent, they are none. */
export function putScheduledAction({ store, clock }: ScalingParts): OperationHandler {
  return async (input: PutScheduledActionInput, context) => {
    const { resourceId } = scalableResource(input);
    const target = await store.target(context, resourceId);
    if (target === undefined) throw notFound('scalable target', resourceId);
    const known = await store.action(context, resourceId, input.ScheduledActionName);
    const schedule = input.Schedule ?? known?.schedule;
    if (schedule === undefined) throw invalid('Schedule is required for a new scheduled action.');
    const bounds = input.ScalableTargetAction ?? { MinCapacity: known?.min_capacity ?? undefined, MaxCapacity: known?.max_capacity ?? undefined };
    if (bounds.MinCapacity === undefined && bounds.MaxCapacity === undefined) throw invalid('ScalableTargetAction must give MinCapacity, MaxCapacity or both.');
    assertBounds(bounds.MinCapacity, bounds.MaxCapacity);
    const timezone = input.Timezone ?? known?.timezone ?? null;
    if (parseSchedule(schedule, timezone ?? undefined) === undefined) throw invalid(`Invalid schedule expression or timezone: ${schedule}${timezone === null ? '' : `, ${timezone}`}. Details: use at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(fields).`);
    if (input.StartTime && input.EndTime && input.StartTime >= input.EndTime) throw invalid('StartTime must be before EndTime.');
    const now = clock.now();
    const row: ActionRow = {
      account_id: context.accountId,
      region: context.region,
      resource_id: resourceId,
      name: input.ScheduledActionName,
      arn_id: known?.arn_id ?? randomUUID(),
      schedule,
      timezone,
      start_time: input.StartTime ?? null,
      end_time: input.EndTime ?? null,
      min_capacity: bounds.MinCapacity ?? null,
      max_capacity: bounds.MaxCapacity ?? null,
      created_at: known?.created_at ?? new Date(now),
      due_at: null,
    };
    const due_at = dueAfter(row, now);
    if (due_at === null) throw invalid(`The schedule ${schedule} never comes, or only outside of StartTime and EndTime.`);
    if (!(await store.putAction({ ...row, due_at }))) throw notFound('scalable target', resourceId);
    return {};
  };
}
