/** Operations of a durable execution as the state machine sees them. Times are epoch ms; absent members have no value yet. */

export type OperationType = 'EXECUTION' | 'CONTEXT' | 'STEP' | 'WAIT' | 'CALLBACK' | 'CHAINED_INVOKE';
export type OperationStatus = 'STARTED' | 'PENDING' | 'READY' | 'SUCCEEDED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT' | 'STOPPED';
export type OperationAction = 'START' | 'SUCCEED' | 'FAIL' | 'RETRY' | 'CANCEL';

export interface ErrorObject {
  ErrorMessage?: string;
  ErrorType?: string;
  ErrorData?: string;
  StackTrace?: string[];
}

export interface Operation {
  id: string;
  /** In the order of their starts. */
  ordinal: number;
  parentId?: string;
  name?: string;
  type: Exclude<OperationType, 'EXECUTION'>;
  subType?: string;
  status: OperationStatus;
  startedAt: number;
  endedAt?: number;
  /** When time alone changes it next. */
  dueAt?: number;
  /** Attempts of a step that have ended. */
  attempt: number;
  result?: string;
  error?: ErrorObject;
  /** Of an ended context: its children are told to the function again. */
  replayChildren: boolean;
  options: OperationOptions;
}

/** What its start asked for. */
export interface OperationOptions {
  waitSeconds?: number;
  timeoutSeconds?: number;
  heartbeatSeconds?: number;
  /** When the callback's own timeout strikes, whatever the heartbeats. */
  timeoutAt?: number;
  heartbeatAt?: number;
  functionName?: string;
}

/** A member of CheckpointDurableExecution's Updates. */
export interface OperationUpdate {
  Id: string;
  ParentId?: string;
  Name?: string;
  Type: OperationType;
  SubType?: string;
  Action: OperationAction;
  Payload?: string;
  Error?: ErrorObject;
  ContextOptions?: { ReplayChildren?: boolean };
  StepOptions?: { NextAttemptDelaySeconds?: number };
  WaitOptions?: { WaitSeconds?: number };
  CallbackOptions?: { TimeoutSeconds?: number; HeartbeatTimeoutSeconds?: number };
  ChainedInvokeOptions?: { FunctionName: string; TenantId?: string; XAmznTraceId?: string };
}

/** An entry of the history: `details` is the member `<type>Details` of the API's Event. */
export interface HistoryEntry {
  type: string;
  operationId?: string;
  parentId?: string;
  name?: string;
  subType?: string;
  details: Record<string, unknown>;
}

const ENDED: ReadonlySet<OperationStatus> = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT', 'STOPPED']);

export function hasEnded({ status }: Pick<Operation, 'status'>): boolean {
  return ENDED.has(status);
}

/** Whether something outside the function will change it: the reason for which a function may answer PENDING. */
export function isAwaited({ type, status }: Pick<Operation, 'type' | 'status'>): boolean {
  if (type === 'STEP') return status === 'PENDING' || status === 'READY';
  return status === 'STARTED' && type !== 'CONTEXT';
}

export function entryOf(operation: Operation, type: string, details: Record<string, unknown> = {}): HistoryEntry {
  const { id, parentId, name, subType } = operation;
  return { type, operationId: id, parentId, name, subType, details };
}
