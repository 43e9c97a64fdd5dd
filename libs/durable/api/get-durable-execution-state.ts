import type { OperationHandler } from '@hearth/aws-wire';
import { executionOfToken } from '../checkpoint.js';
import { statePage } from '../state-pages.js';
import { apiTime } from '../wire-shapes.js';
import { executionIdOf, type DurableParts } from './parts.js';

interface GetDurableExecutionStateInput {
  DurableExecutionArn: string;
  CheckpointToken: string;
  Marker?: string;
  MaxItems?: number;
}

export function getDurableExecutionState({ executions }: DurableParts): OperationHandler {
  return async ({ DurableExecutionArn, CheckpointToken, Marker, MaxItems }: GetDurableExecutionStateInput, context) => {
    const execution = await executionOfToken(executions, DurableExecutionArn, executionIdOf(DurableExecutionArn, context), CheckpointToken);
    return { ...(await statePage(executions.store, execution, Marker, MaxItems, apiTime)) };
  };
}
