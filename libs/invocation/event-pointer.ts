import type { HandOut } from './backlog.js';

/** Name of the queue in Redis. */
export const EVENT_QUEUE = 'events';

/** `evt-UUID-DISPATCH` */
export function jobIdOf(handOut: HandOut): string {
  return `evt-${handOut.id}-${handOut.dispatch}`;
}

/** @returns undefined for a job that is none of ours */
export function eventIdOf(jobId: string): string | undefined {
  return /^evt-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-\d+$/.exec(jobId)?.[1];
}
