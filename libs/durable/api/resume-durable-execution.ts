import type { OperationHandler } from '@hearth/aws-wire';
import { conflict, executionNotFound } from '../errors.js';
import { isOver } from '../execution-record.js';
import { resumeNow } from '../pause.js';
import { executionOf, type DurableParts } from './parts.js';

interface ResumeDurableExecutionInput {
  DurableExecutionArn: string;
  Reason?: string;
}

/** One that runs goes on running: the request can be repeated. */
export function resumeDurableExecution(parts: DurableParts): OperationHandler {
  return async ({ DurableExecutionArn, Reason }: ResumeDurableExecutionInput, context) => {
    const { id } = await executionOf(parts, DurableExecutionArn, context);
    const changed = await parts.executions.change(id, (change) => {
      const { execution } = change;
      if (isOver(execution)) throw conflict(`The durable execution is ${execution.status}: only a paused one can be resumed.`);
      if (execution.pause !== undefined) resumeNow(change, Reason?.replaceAll('\0', ''));
    });
    if (changed === undefined) throw executionNotFound(DurableExecutionArn);
    return {};
  };
}
