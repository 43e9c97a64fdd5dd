import { parseSchedule } from './schedule-expression.js';
import type { ActionRow } from './scaling-store.js';

/**
 * When a scheduled action runs next, after a time.
 * @returns null for never again
 */
export function dueAfter(action: Pick<ActionRow, 'schedule' | 'timezone' | 'start_time' | 'end_time' | 'created_at'>, after: number): Date | null {
  const anchor = (action.start_time ?? action.created_at).getTime();
  // What begins at its start may run then.
  const from = action.start_time === null ? after : Math.max(after, action.start_time.getTime() - 1);
  const time = parseSchedule(action.schedule, action.timezone ?? undefined)?.next(from, anchor);
  if (time === undefined || (action.end_time !== null && time > action.end_time.getTime())) return null;
  return new Date(time);
}
