import type { ExecutionChange } from './execution-change.js';

/** PAUSING becomes PAUSED: nothing of the function runs any more. */
export function pauseNow(change: ExecutionChange): void {
  const { execution } = change;
  execution.status = 'PAUSED';
  const { requestedAt, reason, timeoutPaused } = execution.pause!;
  change.record({
    type: 'ExecutionPaused',
    operationId: execution.id,
    details: { PauseRequestTimestamp: requestedAt, ...(reason !== undefined && { Reason: { Payload: reason } }), ExecutionTimeoutPaused: timeoutPaused },
  });
}

/** Of a PAUSED or PAUSING execution. */
export function resumeNow(change: ExecutionChange, reason: string | undefined): void {
  const { execution, now } = change;
  const wasPaused = execution.status === 'PAUSED';
  if (execution.pause?.timeoutPaused) execution.timeoutAt += now - execution.pause.requestedAt;
  execution.status = 'RUNNING';
  execution.pause = undefined;
  // An invocation that the pause cut off has to be made again; otherwise only news of its operations wake the execution.
  if (wasPaused && !execution.answered) execution.revision++;
  change.record({ type: 'ExecutionResumed', operationId: execution.id, details: { ResumeRequestTimestamp: now, ...(reason !== undefined && { Reason: { Payload: reason } }) } });
}
