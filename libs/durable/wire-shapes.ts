/** Operations, history and executions as the API shows them (spec/lambda-api.md 4.14). */
import { durableCallbackId, functionArn } from '@hearth/kernel';
import { arnOf, type ExecutionRecord } from './execution-record.js';
import { hasEnded, type Operation } from './operation.js';

/** How a time is written: API answers carry timestamps, the event of an invocation epoch ms (the SDK for Python takes nothing else, the one for JavaScript anything). */
export type TimeForm = (epochMs: number) => unknown;

export const apiTime: TimeForm = (epochMs) => new Date(epochMs);
export const eventTime: TimeForm = (epochMs) => epochMs;

export function shownOperation(operation: Operation, executionArn: string, time: TimeForm): Record<string, unknown> {
  const { result: Result, error: Error } = operation;
  const outcome = hasEnded(operation) ? { Result, Error } : {};
  return withoutUndefined({
    Id: operation.id,
    ParentId: operation.parentId,
    Name: operation.name,
    Type: operation.type,
    SubType: operation.subType,
    StartTimestamp: time(operation.startedAt),
    EndTimestamp: operation.endedAt === undefined ? undefined : time(operation.endedAt),
    Status: operation.status,
    ...(operation.type === 'CONTEXT' && { ContextDetails: withoutUndefined({ ReplayChildren: operation.replayChildren, ...outcome }) }),
    ...(operation.type === 'STEP' && {
      StepDetails: withoutUndefined({ Attempt: operation.attempt, NextAttemptTimestamp: operation.dueAt === undefined ? undefined : time(operation.dueAt), Result, Error }),
    }),
    ...(operation.type === 'WAIT' && { WaitDetails: { ScheduledEndTimestamp: time(operation.startedAt + (operation.options.waitSeconds ?? 0) * 1_000) } }),
    ...(operation.type === 'CALLBACK' && { CallbackDetails: withoutUndefined({ CallbackId: durableCallbackId(executionArn, operation.id), ...outcome }) }),
    ...(operation.type === 'CHAINED_INVOKE' && { ChainedInvokeDetails: withoutUndefined(outcome) }),
  });
}

/** The one operation that is there from the start: it carries the caller's payload. */
export function executionOperation(execution: ExecutionRecord, input: string, time: TimeForm): Record<string, unknown> {
  return { Id: execution.id, Type: 'EXECUTION', Name: execution.name, StartTimestamp: time(execution.startedAt), Status: 'STARTED', ExecutionDetails: { InputPayload: input } };
}

export interface StoredEvent {
  eventId: number;
  at: number;
  type: string;
  operationId?: string;
  parentId?: string;
  name?: string;
  subType?: string;
  details: Record<string, any>;
}

/** Members of details that are times; they are stored as epoch ms. */
const TIMES = ['ScheduledEndTimestamp', 'StartTimestamp', 'EndTimestamp', 'PauseRequestTimestamp', 'ResumeRequestTimestamp'];
/** Members of details that carry what functions and callers gave. */
const DATA = ['Input', 'Result', 'Error', 'Reason'];

export function shownEvent(event: StoredEvent, includeData: boolean): Record<string, unknown> {
  const details = { ...event.details };
  for (const member of TIMES) if (typeof details[member] === 'number') details[member] = apiTime(details[member]);
  for (const member of DATA) if (details[member] !== undefined) details[member] = includeData ? { ...details[member], Truncated: false } : {};
  return withoutUndefined({
    EventType: event.type,
    SubType: event.subType,
    EventId: event.eventId,
    Id: event.operationId,
    Name: event.name,
    EventTimestamp: apiTime(event.at),
    ParentId: event.parentId,
    [`${event.type}Details`]: details,
  });
}

export function shownExecution(execution: ExecutionRecord): Record<string, unknown> {
  return withoutUndefined({
    DurableExecutionArn: arnOf(execution),
    DurableExecutionName: execution.name,
    FunctionArn: functionArn(execution.region, execution.accountId, execution.functionName, execution.version),
    Status: execution.status,
    StartTimestamp: apiTime(execution.startedAt),
    EndTimestamp: execution.endedAt === undefined ? undefined : apiTime(execution.endedAt),
  });
}

export function withoutUndefined(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
