/**
 * The legal moves of operations, and what each writes into the history. Pure: what a function asks for at a checkpoint stands
 * here, what time and the world outside do stands in outside-changes.ts.
 */
import { invalidParameter } from './errors.js';
import { entryOf, hasEnded, type ErrorObject, type HistoryEntry, type Operation, type OperationAction, type OperationUpdate } from './operation.js';

export interface Applied {
  operation: Operation;
  entries: HistoryEntry[];
}

export interface UpdateContext {
  now: number;
  /** For an operation that does not exist yet. */
  nextOrdinal: number;
  /** Names the callback in the history. */
  callbackId(operationId: string): string;
}

type Update = OperationUpdate & { Type: Operation['type'] };

/** @throws ServiceError InvalidParameterValueException for a move that is not legal */
export function applyUpdate(update: Update, current: Operation | undefined, context: UpdateContext): Applied {
  if (current !== undefined && current.type !== update.Type) throw invalidParameter(`Operation ${update.Id} is a ${current.type}, not a ${update.Type}.`);
  if (current !== undefined && hasEnded(current)) throw illegal(update, current);
  switch (update.Type) {
    case 'STEP':
      return applyStep(update, current, context);
    case 'CONTEXT':
      return applyContext(update, current, context);
    case 'WAIT':
      return applyWait(update, current, context);
    case 'CALLBACK':
      return applyCallback(update, current, context);
    case 'CHAINED_INVOKE':
      return applyChainedInvoke(update, current, context);
  }
}

function applyStep(update: Update, current: Operation | undefined, context: UpdateContext): Applied {
  const { now } = context;
  // A step that was never started may end: its start is at-most-once, its end is what counts.
  const step = current ?? started(update, context);
  const opening = current === undefined ? [entryOf(step, 'StepStarted')] : [];
  switch (update.Action) {
    case 'START': {
      if (current?.status === 'STARTED' || current?.status === 'PENDING') throw illegal(update, current);
      const running: Operation = { ...step, status: 'STARTED', dueAt: undefined };
      return { operation: running, entries: [entryOf(running, 'StepStarted')] };
    }
    case 'SUCCEED':
      if (step.status === 'PENDING') throw illegal(update, step);
      return ended({ ...step, attempt: step.attempt + 1 }, 'SUCCEEDED', update, now, (operation) => [
        ...opening,
        entryOf(operation, 'StepSucceeded', { Result: { Payload: update.Payload }, RetryDetails: { CurrentAttempt: operation.attempt } }),
      ]);
    case 'FAIL':
      if (step.status === 'PENDING') throw illegal(update, step);
      return ended({ ...step, attempt: step.attempt + 1 }, 'FAILED', update, now, (operation) => [
        ...opening,
        entryOf(operation, 'StepFailed', { Error: { Payload: update.Error ?? {} }, RetryDetails: { CurrentAttempt: operation.attempt } }),
      ]);
    case 'RETRY': {
      if (step.status === 'PENDING') throw illegal(update, step);
      const delaySeconds = update.StepOptions?.NextAttemptDelaySeconds ?? 1;
      // A retry without an error is a condition that was polled: its payload is the state of the next attempt.
      const pending: Operation = { ...step, status: 'PENDING', attempt: step.attempt + 1, dueAt: now + delaySeconds * 1_000, result: update.Error ? undefined : update.Payload, error: update.Error };
      const RetryDetails = { CurrentAttempt: pending.attempt, NextAttemptDelaySeconds: delaySeconds };
      const entry = update.Error
        ? entryOf(pending, 'StepFailed', { Error: { Payload: update.Error }, RetryDetails })
        : entryOf(pending, 'StepSucceeded', { Result: { Payload: update.Payload }, RetryDetails });
      return { operation: pending, entries: [...opening, entry] };
    }
    case 'CANCEL':
      throw illegal(update, current);
  }
}

function applyContext(update: Update, current: Operation | undefined, context: UpdateContext): Applied {
  const child = current ?? started(update, context);
  switch (update.Action) {
    case 'START':
      if (current !== undefined) throw illegal(update, current);
      return { operation: child, entries: [entryOf(child, 'ContextStarted')] };
    case 'SUCCEED':
    case 'FAIL': {
      const opening = current === undefined ? [entryOf(child, 'ContextStarted')] : [];
      const succeeded = update.Action === 'SUCCEED';
      return ended({ ...child, replayChildren: update.ContextOptions?.ReplayChildren ?? false }, succeeded ? 'SUCCEEDED' : 'FAILED', update, context.now, (operation) => [
        ...opening,
        succeeded ? entryOf(operation, 'ContextSucceeded', { Result: { Payload: update.Payload } }) : entryOf(operation, 'ContextFailed', { Error: { Payload: update.Error ?? {} } }),
      ]);
    }
    case 'RETRY':
    case 'CANCEL':
      throw illegal(update, current);
  }
}

function applyWait(update: Update, current: Operation | undefined, context: UpdateContext): Applied {
  if (update.Action === 'START' && current === undefined) {
    const seconds = update.WaitOptions?.WaitSeconds;
    if (seconds === undefined) throw invalidParameter(`Operation ${update.Id}: WaitOptions.WaitSeconds is required to start a WAIT.`);
    const wait: Operation = { ...started(update, context), dueAt: context.now + seconds * 1_000, options: { waitSeconds: seconds } };
    return { operation: wait, entries: [entryOf(wait, 'WaitStarted', { Duration: seconds, ScheduledEndTimestamp: wait.dueAt })] };
  }
  if (update.Action === 'CANCEL' && current !== undefined) {
    const cancelled: Operation = { ...current, status: 'CANCELLED', endedAt: context.now, dueAt: undefined };
    return { operation: cancelled, entries: [entryOf(cancelled, 'WaitCancelled', update.Error ? { Error: { Payload: update.Error } } : {})] };
  }
  throw illegal(update, current);
}

function applyCallback(update: Update, current: Operation | undefined, context: UpdateContext): Applied {
  if (update.Action !== 'START' || current !== undefined) throw illegal(update, current);
  // 0 means none (spec/lambda-api.md 4.14).
  const timeoutSeconds = update.CallbackOptions?.TimeoutSeconds || undefined;
  const heartbeatSeconds = update.CallbackOptions?.HeartbeatTimeoutSeconds || undefined;
  const timeoutAt = timeoutSeconds && context.now + timeoutSeconds * 1_000;
  const heartbeatAt = heartbeatSeconds && context.now + heartbeatSeconds * 1_000;
  const callback: Operation = { ...started(update, context), options: { timeoutSeconds, heartbeatSeconds, timeoutAt, heartbeatAt }, dueAt: earliest(timeoutAt, heartbeatAt) };
  const details = { CallbackId: context.callbackId(callback.id), HeartbeatTimeout: heartbeatSeconds, Timeout: timeoutSeconds };
  return { operation: callback, entries: [entryOf(callback, 'CallbackStarted', details)] };
}

function applyChainedInvoke(update: Update, current: Operation | undefined, context: UpdateContext): Applied {
  if (update.Action !== 'START' || current !== undefined) throw illegal(update, current);
  const functionName = update.ChainedInvokeOptions?.FunctionName;
  if (functionName === undefined) throw invalidParameter(`Operation ${update.Id}: ChainedInvokeOptions.FunctionName is required to start a CHAINED_INVOKE.`);
  if (update.ChainedInvokeOptions?.TenantId !== undefined) throw invalidParameter(`Operation ${update.Id}: ChainedInvokeOptions.TenantId is not supported by this deployment.`);
  const invoke: Operation = { ...started(update, context), options: { functionName } };
  return { operation: invoke, entries: [entryOf(invoke, 'ChainedInvokeStarted', { FunctionName: functionName, Input: { Payload: update.Payload } })] };
}

function started({ Id, ParentId, Name, Type, SubType }: Update, { now, nextOrdinal }: UpdateContext): Operation {
  return { id: Id, ordinal: nextOrdinal, parentId: ParentId, name: Name, type: Type, subType: SubType, status: 'STARTED', startedAt: now, attempt: 0, replayChildren: false, options: {} };
}

function ended(operation: Operation, status: 'SUCCEEDED' | 'FAILED', { Payload, Error: error }: { Payload?: string; Error?: ErrorObject }, now: number, entries: (operation: Operation) => HistoryEntry[]): Applied {
  const failed = status === 'FAILED';
  const fresh: Operation = { ...operation, status, endedAt: now, dueAt: undefined, result: failed ? undefined : Payload, error: failed ? (error ?? {}) : undefined };
  return { operation: fresh, entries: entries(fresh) };
}

export function earliest(...times: (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function illegal({ Id, Type, Action }: { Id: string; Type: string; Action: OperationAction }, current: Operation | undefined) {
  return invalidParameter(`Operation ${Id}: a ${Type} ${current === undefined ? 'that was not started' : `in status ${current.status}`} does not take the action ${Action}.`);
}
