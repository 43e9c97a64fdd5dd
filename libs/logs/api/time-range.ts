import { invalidParameter } from '../errors.js';
import type { GroupRow } from '../group-store.js';
import { DAY_MS } from '../limits.js';

/** Epoch ms. What is past the group's retention is out of reach even before the sweep removes it. */
export function timeRange({ startTime = 0, endTime = Infinity }: { startTime?: number; endTime?: number }, group: GroupRow, now: number): { from: number; until: number } {
  if (startTime > endTime) throw invalidParameter('End time should not be less than the start time.');
  const oldest = group.retention_days === null ? 0 : now - group.retention_days * DAY_MS;
  return { from: Math.max(startTime, oldest), until: endTime };
}
