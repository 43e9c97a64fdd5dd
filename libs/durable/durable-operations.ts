import type { OperationHandler } from '@hearth/aws-wire';
import { checkpointDurableExecution } from './api/checkpoint-durable-execution.js';
import { deleteDurableExecution } from './api/delete-durable-execution.js';
import { getDurableExecutionHistory } from './api/get-durable-execution-history.js';
import { getDurableExecutionState } from './api/get-durable-execution-state.js';
import { getDurableExecution } from './api/get-durable-execution.js';
import { listDurableExecutionsByFunction } from './api/list-durable-executions-by-function.js';
import type { DurableParts } from './api/parts.js';
import { pauseDurableExecution } from './api/pause-durable-execution.js';
import { resumeDurableExecution } from './api/resume-durable-execution.js';
import { sendDurableExecutionCallbackFailure } from './api/send-durable-execution-callback-failure.js';
import { sendDurableExecutionCallbackHeartbeat } from './api/send-durable-execution-callback-heartbeat.js';
import { sendDurableExecutionCallbackSuccess } from './api/send-durable-execution-callback-success.js';
import { stopDurableExecution } from './api/stop-durable-execution.js';

/** By operation name of the service model. */
export function durableOperations(parts: DurableParts): Record<string, OperationHandler> {
  return {
    CheckpointDurableExecution: checkpointDurableExecution(parts),
    DeleteDurableExecution: deleteDurableExecution(parts),
    GetDurableExecution: getDurableExecution(parts),
    GetDurableExecutionHistory: getDurableExecutionHistory(parts),
    GetDurableExecutionState: getDurableExecutionState(parts),
    ListDurableExecutionsByFunction: listDurableExecutionsByFunction(parts),
    PauseDurableExecution: pauseDurableExecution(parts),
    ResumeDurableExecution: resumeDurableExecution(parts),
    SendDurableExecutionCallbackFailure: sendDurableExecutionCallbackFailure(parts),
    SendDurableExecutionCallbackHeartbeat: sendDurableExecutionCallbackHeartbeat(parts),
    SendDurableExecutionCallbackSuccess: sendDurableExecutionCallbackSuccess(parts),
    StopDurableExecution: stopDurableExecution(parts),
  };
}
