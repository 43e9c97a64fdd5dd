import type { OperationHandler } from '@hearth/aws-wire';
import { checkpoint } from '../checkpoint.js';
import { arnOf } from '../execution-record.js';
import type { OperationUpdate } from '../operation.js';
import { apiTime, shownOperation } from '../wire-shapes.js';
import { executionIdOf, type DurableParts } from './parts.js';

interface CheckpointDurableExecutionInput {
  DurableExecutionArn: string;
  CheckpointToken: string;
  ClientToken?: string;
  Updates?: OperationUpdate[];
}

export function checkpointDurableExecution({ executions, resolver }: DurableParts): OperationHandler {
  return async ({ DurableExecutionArn, CheckpointToken, ClientToken, Updates }: CheckpointDurableExecutionInput, context) => {
    const executionId = executionIdOf(DurableExecutionArn, context);
    const { execution, token, operations } = await checkpoint(executions, resolver, { executionId, arn: DurableExecutionArn, token: CheckpointToken, clientToken: ClientToken, updates: Updates ?? [] });
    const arn = arnOf(execution);
    return { ...(token !== undefined && { CheckpointToken: token }), NewExecutionState: { Operations: operations.map((operation) => shownOperation(operation, arn, apiTime)) } };
  };
}
