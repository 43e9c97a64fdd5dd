import type { OperationHandler } from '@hearth/aws-wire';
import { executionNotFound } from '../errors.js';
import { isOver } from '../execution-record.js';
import { checkedErrorSize } from '../limits.js';
import type { ErrorObject } from '../operation.js';
import { apiTime } from '../wire-shapes.js';
import { executionOf, type DurableParts } from './parts.js';

interface StopDurableExecutionInput {
  DurableExecutionArn: string;
  Error?: ErrorObject;
}

/** One that has ended stays as it ended; the answer says when. What still runs of it can store nothing any more. */
export function stopDurableExecution(parts: DurableParts): OperationHandler {
  return async ({ DurableExecutionArn, Error: error }: StopDurableExecutionInput, context) => {
    checkedErrorSize(error, 'the request');
    const { id } = await executionOf(parts, DurableExecutionArn, context);
    const stopped = await parts.executions.change(id, (change) => {
      if (!isOver(change.execution)) change.end('STOPPED', { error: error ?? {} });
      return change.execution.endedAt!;
    });
    if (stopped === undefined) throw executionNotFound(DurableExecutionArn);
    return { StopTimestamp: apiTime(stopped.value) };
  };
}
