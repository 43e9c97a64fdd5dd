import type { OperationHandler } from '@hearth/aws-wire';
import { conflict } from '../errors.js';
import { isOver } from '../execution-record.js';
import { apiTime } from '../wire-shapes.js';
import { executionOf, type DurableParts } from './parts.js';

/** With its history and its payloads, at once; executions that it started stay. */
export function deleteDurableExecution(parts: DurableParts): OperationHandler {
  return async ({ DurableExecutionArn }: { DurableExecutionArn: string }, context) => {
    const execution = await executionOf(parts, DurableExecutionArn, context);
    if (!isOver(execution)) throw conflict(`The durable execution is ${execution.status}: only one that has ended can be deleted.`);
    await parts.executions.store.remove(execution.id);
    return { DeletionRequestTimestamp: apiTime(Date.now()) };
  };
}
