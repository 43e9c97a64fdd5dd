import type { OperationHandler } from '@hearth/aws-wire';
import { conflict, executionNotFound } from '../errors.js';
import { isOver } from '../execution-record.js';
import { pauseNow } from '../pause.js';
import { executionOf, type DurableParts } from './parts.js';

interface PauseDurableExecutionInput {
  DurableExecutionArn: string;
  Reason?: string;
  ExecutionTimeoutPaused?: boolean;
}

/** Asked again, a pause stays as it was asked first: so the request needs no token to be repeatable. */
export function pauseDurableExecution(parts: DurableParts): OperationHandler {
  return async ({ DurableExecutionArn, Reason, ExecutionTimeoutPaused }: PauseDurableExecutionInput, context) => {
    const { id } = await executionOf(parts, DurableExecutionArn, context);
    const changed = await parts.executions.change(id, (change) => {
      const { execution, now } = change;
      if (isOver(execution)) throw conflict(`The durable execution is ${execution.status}: only a running one can be paused.`);
      if (execution.pause !== undefined) return;
      execution.pause = { requestedAt: now, reason: Reason?.replaceAll('\0', ''), timeoutPaused: ExecutionTimeoutPaused ?? false };
      execution.status = 'PAUSING';
      if (!execution.invoking) pauseNow(change);
    });
    if (changed === undefined) throw executionNotFound(DurableExecutionArn);
    return {};
  };
}
