import type { OperationHandler } from '@hearth/aws-wire';
import { isOver } from '../execution-record.js';
import { apiTime, shownExecution, withoutUndefined } from '../wire-shapes.js';
import { executionOf, type DurableParts } from './parts.js';

interface GetDurableExecutionInput {
  DurableExecutionArn: string;
  IncludeExecutionData?: boolean;
}

export function getDurableExecution(parts: DurableParts): OperationHandler {
  return async ({ DurableExecutionArn, IncludeExecutionData = true }: GetDurableExecutionInput, context) => {
    const execution = await executionOf(parts, DurableExecutionArn, context);
    const payloads = IncludeExecutionData ? await parts.executions.store.payloads(execution.id) : undefined;
    const { pause } = execution;
    return withoutUndefined({
      ...shownExecution(execution),
      InputPayload: payloads?.input,
      Result: payloads?.result,
      Error: IncludeExecutionData ? execution.error : undefined,
      Version: execution.version,
      TraceHeader: { XAmznTraceId: execution.traceHeader },
      ExecutionDataIncluded: IncludeExecutionData,
      DurableConfig: { ExecutionTimeout: execution.executionTimeoutSeconds, RetentionPeriodInDays: execution.retentionDays },
      PauseDetails: pause && withoutUndefined({ PauseRequestTimestamp: apiTime(pause.requestedAt), Reason: IncludeExecutionData ? pause.reason : undefined, ExecutionTimeoutPaused: pause.timeoutPaused }),
      ExpectedExecutionTimeoutTimestamp: isOver(execution) || pause?.timeoutPaused ? undefined : apiTime(execution.timeoutAt),
    });
  };
}
