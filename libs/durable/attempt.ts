import { randomUUID } from 'node:crypto';
import type { FunctionResolver } from '@hearth/catalogue';
import { LAMBDA_BACKOFF, type AttemptResult, type DurableClaim, type RunFunction } from '@hearth/invocation';
import { ServiceError } from '@hearth/kernel';
import type { Logger } from '@hearth/queue';
import { checkpointToken } from './checkpoint-token.js';
import { NOTHING_PENDING, THROTTLED } from './errors.js';
import type { ExecutionChange } from './execution-change.js';
import { arnOf, isOver, type ExecutionRecord } from './execution-record.js';
import type { Executions } from './executions.js';
import { parseOutput, runtimeError } from './invocation-output.js';
import type { ErrorObject } from './operation.js';
import { pauseNow } from './pause.js';
import { statePage } from './state-pages.js';
import { eventTime } from './wire-shapes.js';

export interface AttemptParts {
  executions: Executions;
  resolver: FunctionResolver;
  logger: Logger;
}

/** What the present asks for. */
type Next = { kind: 'invoke'; execution: ExecutionRecord; updatedOperationIds?: string[]; remainingMs: number } | { kind: 'done'; result: AttemptResult };

/** How an invocation ended. */
interface Ending {
  requestId: string;
  startedAt: number;
  version?: string;
  logTail?: Uint8Array;
  outcome: { kind: 'answer'; payload: Uint8Array } | { kind: 'failure'; error: ErrorObject; /** Trying again cannot help. */ final: boolean; /** Which limit stood against it. */ throttled?: string };
}

/** Node's timers take no more. */
const MAX_TIMER_MS = 2_147_483_647;
/** An execution that waits for nothing but a call of the API is looked at this often. */
const IDLE_MS = 86_400_000;
const DELETED: AttemptResult = { kind: 'impossible', condition: 'DurableExecutionDeleted', reason: 'ResourceNotFoundException' };

/**
 * Drives one execution while its event is claimed: lets time pass, invokes the function if there is a reason to, and says when to look
 * again. Never rejects. Invariants:
 * 1. Only the holder of the event's claim comes here, and each invocation is a new generation: tokens of an earlier one, even if it
 *    still runs somewhere, are worth nothing.
 * 2. A started execution ends only by an answer of its function, its timeout, its function's disappearance, or a call of the API. One that somebody waits for has
 *    not started while its first invocation is throttled.
 */
export async function attemptExecution(parts: AttemptParts, claim: DurableClaim, run: RunFunction, signal: AbortSignal): Promise<AttemptResult> {
  const { executions, logger } = parts;
  const { executionId } = claim.durable;
  try {
    const next = (await executions.change(executionId, begin))?.value;
    if (next === undefined) return DELETED;
    if (next.kind === 'done') return next.result;
    const ending = await invoke(parts, next, claim, run, signal);
    // The lease is lost or the scheduler stops: the next holder invokes again, from the last checkpoint.
    if (signal.aborted && ending.outcome.kind === 'failure') return { kind: 'suspended', delayMs: 0 };
    const concluded = await executions.change(executionId, (change) => conclude(change, next.execution.generation, ending));
    return concluded?.value ?? DELETED;
  } catch (error) {
    logger.warn({ err: error, execution: executionId }, 'a durable execution could not be driven; it is tried again');
    return { kind: 'suspended', delayMs: LAMBDA_BACKOFF.backoffFirstMs };
  }
}

async function begin(change: ExecutionChange): Promise<Next> {
  const { execution } = change;
  change.drive();
  if (isOver(execution)) return { kind: 'done', result: finalResult(execution) };
  execution.invoking = false; // Whoever invoked before has lost the claim.
  if (execution.status === 'PAUSING') pauseNow(change);
  const reason = !execution.answered || execution.revision > execution.seenRevision;
  if (execution.status === 'PAUSED' || !reason) return { kind: 'done', result: await suspended(change) };
  const updatedOperationIds = execution.generation === 0 ? undefined : await change.changedSince(execution.seenRevision);
  execution.generation++;
  execution.sequence = 0;
  execution.clientToken = undefined;
  execution.invoking = true;
  execution.answered = false;
  execution.priorSeenRevision = execution.revision;
  execution.seenRevision = execution.revision;
  return { kind: 'invoke', execution: { ...execution }, updatedOperationIds, remainingMs: execution.timeoutAt - change.now };
}

async function invoke({ executions, resolver }: AttemptParts, next: Extract<Next, { kind: 'invoke' }>, claim: DurableClaim, run: RunFunction, signal: AbortSignal): Promise<Ending> {
  const { execution, updatedOperationIds, remainingMs } = next;
  const base = { requestId: randomUUID(), startedAt: Date.now() };
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error('the durable execution timed out')), Math.min(remainingMs, MAX_TIMER_MS));
  try {
    const version = await resolver.resolve(execution.accountId, execution.region, execution.functionName, execution.version);
    if (version.functionId !== execution.functionId) return { ...base, outcome: { kind: 'failure', final: true, error: FUNCTION_GONE } };
    const state = await statePage(executions.store, execution, undefined, undefined, eventTime);
    const event = {
      DurableExecutionArn: arnOf(execution),
      CheckpointToken: checkpointToken({ executionId: execution.id, generation: execution.generation, sequence: 0 }),
      InitialExecutionState: state,
      ...(updatedOperationIds && { UpdatedOperationIds: updatedOperationIds }),
    };
    const claimedAt = Date.now();
    const { outcome } = await run(
      {
        accountId: execution.accountId,
        region: execution.region,
        functionName: execution.functionName,
        qualifier: execution.version,
        qualifiedByCaller: true,
        version,
        requestId: base.requestId,
        payload: Buffer.from(JSON.stringify(event)),
        clientContext: claim.clientContext,
        traceHeader: execution.traceHeader,
        before: { queue: [claimedAt - claim.waitedMs, claimedAt] },
      },
      AbortSignal.any([signal, abort.signal]),
    );
    const ended = { ...base, version: version.version, logTail: outcome.logTail };
    if (outcome.status === 'success') return { ...ended, outcome: { kind: 'answer', payload: outcome.payload } };
    return { ...ended, outcome: { kind: 'failure', final: false, error: runtimeError(outcome.payload, outcome.errorType ?? outcome.status) } };
  } catch (error) {
    return { ...base, outcome: failureOf(error) };
  } finally {
    clearTimeout(timer);
  }
}

const FUNCTION_GONE: ErrorObject = { ErrorType: 'ResourceNotFoundException', ErrorMessage: 'The function that the durable execution was started with does not exist any more.' };

/** Throttles, states that pass, and all that is Hearth's own fault are tried again; other 4xx answers never change by themselves. */
function failureOf(error: unknown): Ending['outcome'] {
  if (error instanceof ServiceError) {
    const final = error.status < 500 && error.status !== 429 && error.status !== 409;
    const throttled = error.status === 429 ? String(error.options.members?.['Reason'] ?? '') : undefined;
    return { kind: 'failure', final, error: { ErrorType: error.code, ErrorMessage: error.message }, ...(throttled !== undefined && { throttled }) };
  }
  return { kind: 'failure', final: false, error: { ErrorType: 'ServiceException', ErrorMessage: error instanceof Error ? error.message : String(error) } };
}

async function conclude(change: ExecutionChange, generation: number, { requestId, startedAt, version, logTail, outcome }: Ending): Promise<AttemptResult> {
  const { execution, now } = change;
  change.drive();
  if (execution.generation !== generation) return { kind: 'suspended', delayMs: 0 }; // Superseded; so is the claim.
  execution.invoking = false;
  if (logTail !== undefined && execution.synchronous) change.keepLogTail(logTail);
  if (isOver(execution)) return finalResult(execution, version);
  const failure = outcome.kind === 'failure' ? outcome : undefined;
  change.record({
    type: 'InvocationCompleted',
    details: { StartTimestamp: Math.min(startedAt, now), EndTimestamp: now, RequestId: requestId, ...(failure && { Error: { Payload: failure.error } }) },
  });
  if (failure?.final) {
    change.end('FAILED', { error: failure.error });
    return finalResult(execution, version);
  }
  if (failure?.throttled !== undefined && execution.synchronous && generation === 1) {
    change.end('FAILED', { error: { ErrorType: THROTTLED, ErrorMessage: failure.error.ErrorMessage, ErrorData: failure.throttled } });
    return finalResult(execution, version);
  }
  if (outcome.kind === 'failure') return failed(change);
  const output = parseOutput(outcome.payload);
  switch (output.status) {
    case 'SUCCEEDED':
      change.end('SUCCEEDED', { result: output.result });
      break;
    case 'FAILED':
      change.end('FAILED', { error: output.error });
      break;
    case 'PENDING':
      if (execution.revision === execution.seenRevision && !(await change.awaitsSomething())) {
        // What it waited for may have ended while it ran, and been told in the answer of its last checkpoint: then one replay finds out.
        if (execution.sequence > 0 && execution.failures === 0) return failed(change);
        change.end('FAILED', { error: NOTHING_PENDING });
        break;
      }
      if (execution.status === 'PAUSING') pauseNow(change);
      execution.answered = true;
      execution.failures = 0;
      return suspended(change);
  }
  return finalResult(execution, version);
}

/** The invocation is made again, later and later; a pause that cut it off is nobody's failure. */
async function failed(change: ExecutionChange): Promise<AttemptResult> {
  const { execution, now } = change;
  if (execution.status === 'PAUSING') pauseNow(change);
  if (execution.status === 'PAUSED') return suspended(change);
  const { backoffFirstMs, backoffMaxMs } = LAMBDA_BACKOFF;
  const delayMs = Math.min(backoffFirstMs * 2 ** Math.min(execution.failures, 30), backoffMaxMs);
  execution.failures++;
  return { kind: 'suspended', delayMs: Math.max(0, Math.min(delayMs, execution.timeoutAt - now)) };
}

async function suspended(change: ExecutionChange): Promise<AttemptResult> {
  const { execution, now } = change;
  if (execution.status === 'RUNNING' && execution.revision > execution.seenRevision) return { kind: 'suspended', delayMs: 0 };
  const due = Math.min((await change.nextDueAt()) ?? Infinity, execution.pause?.timeoutPaused ? now + IDLE_MS : execution.timeoutAt);
  return { kind: 'suspended', delayMs: Math.max(0, due - now) };
}

function finalResult({ status, error, version }: ExecutionRecord, executedVersion = version): AttemptResult {
  if (status === 'SUCCEEDED') return { kind: 'success', executedVersion };
  return { kind: 'impossible', condition: `DurableExecution${{ FAILED: 'Failed', TIMED_OUT: 'TimedOut', STOPPED: 'Stopped' }[status as string] ?? 'Failed'}`, reason: error?.ErrorType ?? status };
}
