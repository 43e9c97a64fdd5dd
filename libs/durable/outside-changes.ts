/** What time and the world outside the function do to operations. Pure, like apply-update.ts. */
import { earliest, type Applied } from './apply-update.js';
import { entryOf, type ErrorObject, type Operation } from './operation.js';

/** @param operation whose `dueAt` has come */
export function fireDue(operation: Operation, now: number): Applied {
  switch (operation.type) {
    case 'WAIT': {
      const over: Operation = { ...operation, status: 'SUCCEEDED', endedAt: now, dueAt: undefined };
      return { operation: over, entries: [entryOf(over, 'WaitSucceeded', { Duration: operation.options.waitSeconds })] };
    }
    case 'STEP':
      return { operation: { ...operation, status: 'READY', dueAt: undefined }, entries: [] };
    case 'CALLBACK': {
      const byHeartbeat = (operation.options.timeoutAt ?? Infinity) > now;
      const error: ErrorObject = byHeartbeat
        ? { ErrorType: 'Callback.Heartbeat', ErrorMessage: 'Callback timed out on heartbeat' }
        : { ErrorType: 'Callback.Timeout', ErrorMessage: 'Callback timed out' };
      const late: Operation = { ...operation, status: 'TIMED_OUT', endedAt: now, dueAt: undefined, error };
      return { operation: late, entries: [entryOf(late, 'CallbackTimedOut', { Error: { Payload: error } })] };
    }
    case 'CONTEXT':
    case 'CHAINED_INVOKE':
      return { operation: { ...operation, dueAt: undefined }, entries: [] };
  }
}

export type Outcome = { status: 'SUCCEEDED'; result?: string } | { status: 'FAILED' | 'TIMED_OUT' | 'STOPPED'; error: ErrorObject };

/** @param operation a callback or a chained invoke that has not ended */
export function completeFromOutside(operation: Operation, outcome: Outcome, now: number): Applied {
  const family = operation.type === 'CALLBACK' ? 'Callback' : 'ChainedInvoke';
  const base = { ...operation, endedAt: now, dueAt: undefined };
  if (outcome.status === 'SUCCEEDED') {
    const done: Operation = { ...base, status: 'SUCCEEDED', result: outcome.result };
    return { operation: done, entries: [entryOf(done, `${family}Succeeded`, { Result: { Payload: outcome.result } })] };
  }
  const done: Operation = { ...base, status: outcome.status, error: outcome.error };
  const ending = { FAILED: 'Failed', TIMED_OUT: 'TimedOut', STOPPED: 'Stopped' }[outcome.status];
  return { operation: done, entries: [entryOf(done, `${family}${ending}`, { Error: { Payload: outcome.error } })] };
}

/** A callback that says it is alive. */
export function heartbeat(callback: Operation, now: number): Operation {
  const { heartbeatSeconds, timeoutAt } = callback.options;
  if (heartbeatSeconds === undefined) return callback;
  const heartbeatAt = now + heartbeatSeconds * 1_000;
  return { ...callback, options: { ...callback.options, heartbeatAt }, dueAt: earliest(timeoutAt, heartbeatAt) };
}
