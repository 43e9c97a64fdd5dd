import { randomUUID } from 'node:crypto';
import { parseFunctionReference, type FunctionResolver, type InvocableVersion } from '@hearth/catalogue';
import { insertEvent, nextHop, resultOf, type AttemptResult, type DurableClaim, type RunFunction } from '@hearth/invocation';
import { ServiceError } from '@hearth/kernel';
import { invalidParameter } from './errors.js';
import type { ExecutionChange } from './execution-change.js';
import type { ExecutionRecord } from './execution-record.js';
import type { Executions } from './executions.js';
import { runtimeError } from './invocation-output.js';
import type { ErrorObject, Operation, OperationUpdate } from './operation.js';
import { completeFromOutside, type Outcome } from './outside-changes.js';
import { checkQualified } from './start.js';

/** What is invoked, resolved before the checkpoint's transaction; or why it cannot be. */
export type ChainedPlan = { kind: 'run'; version: InvocableVersion; qualifier?: string; input: Buffer; /** The function's own, in place of the execution's. */ traceHeader?: string } | { kind: 'refused'; error: ErrorObject };

/** A function of the same account, by name or ARN. What is wrong with it fails the operation, not the checkpoint. */
export async function planChainedInvoke(resolver: FunctionResolver, execution: ExecutionRecord, update: OperationUpdate): Promise<ChainedPlan> {
  const { region, accountId } = execution;
  try {
    const name = update.ChainedInvokeOptions?.FunctionName ?? '';
    const reference = parseFunctionReference(name, undefined, { region, accountId, principalArn: `arn:aws:iam::${accountId}:root`, action: 'lambda:InvokeFunction' });
    const version = await resolver.resolve(accountId, region, reference.name, reference.qualifier);
    if (version.durable !== undefined) checkQualified(reference.qualifier !== undefined);
    return { kind: 'run', version, qualifier: reference.qualifier, input: checkedInput(update.Payload), traceHeader: update.ChainedInvokeOptions?.XAmznTraceId };
  } catch (error) {
    if (!(error instanceof ServiceError) || error.status >= 500) throw error;
    return { kind: 'refused', error: { ErrorType: error.code, ErrorMessage: error.message } };
  }
}

/**
 * Sends the event of a CHAINED_INVOKE that this change has started: an execution of its own when the function is durable.
 * @returns the event's id, to be announced after the commit; undefined when the operation has failed instead
 */
export async function sendChainedInvoke(change: ExecutionChange, executions: Executions, operation: Operation, plan: ChainedPlan): Promise<string | undefined> {
  const { client, execution, now } = change;
  if (plan.kind === 'refused') {
    change.put(completeFromOutside(operation, { status: 'FAILED', error: plan.error }, now));
    return undefined;
  }
  const { version, qualifier, input } = plan;
  const id = randomUUID();
  const { accountId, region, functionName } = version;
  // The chain goes on: a function that starts itself again and again is found out.
  const { traceHeader } = nextHop(plan.traceHeader ?? execution.traceHeader, execution.functionId);
  if (version.durable === undefined) {
    await insertEvent(client, { id, accountId, region, functionName, qualifier, payload: input, traceHeader, maxAgeMs: execution.timeoutAt - now, durable: { executionId: execution.id, operationId: operation.id } });
    return id;
  }
  const { executionTimeoutSeconds, retentionDays } = version.durable;
  await executions.store.insert(client, {
    id, accountId, region, functionName, functionId: version.functionId, version: version.version, name: randomUUID(), synchronous: false, input, traceHeader,
    executionTimeoutSeconds, retentionDays, parent: { executionId: execution.id, operationId: operation.id },
  });
  return id;
}

/**
 * Runs a function that is not durable for the execution that waits for it. Like a synchronous call it is not tried again when the
 * function fails; when Hearth does, it is. Never rejects.
 */
export async function attemptChainedInvoke(executions: Executions, claim: DurableClaim, run: RunFunction, signal: AbortSignal): Promise<AttemptResult> {
  const operationId = claim.durable.operationId!;
  try {
    const { outcome, version } = await run({ ...claim, requestId: claim.id, qualifiedByCaller: claim.qualifier !== undefined }, signal);
    if (signal.aborted && outcome.status !== 'success') return { kind: 'postponed', reason: 'Interrupted' }; // Not the function's failure.
    const payload = Buffer.from(outcome.payload).toString('utf8');
    const end: Outcome =
      outcome.status === 'success'
        ? { status: 'SUCCEEDED', result: payload }
        : { status: outcome.status === 'timeout' ? 'TIMED_OUT' : 'FAILED', error: runtimeError(outcome.payload, outcome.errorType ?? outcome.status) };
    await executions.complete(claim.durable.executionId, operationId, end);
    return end.status === 'SUCCEEDED' ? { kind: 'success', executedVersion: version.version } : { kind: 'impossible', condition: 'ChainedInvokeFailed', reason: end.error.ErrorType ?? end.status };
  } catch (error) {
    const result = resultOf(error);
    if (result.kind !== 'impossible') return result;
    const message = error instanceof Error ? error.message : String(error);
    try {
      await executions.complete(claim.durable.executionId, operationId, { status: 'FAILED', error: { ErrorType: result.reason, ErrorMessage: message } });
    } catch (failure) {
      return resultOf(failure); // Not stored: the event stays, and is tried again.
    }
    return result;
  }
}

/** @throws ServiceError for what no function takes */
function checkedInput(payload: string | undefined): Buffer {
  const text = payload ?? '{}';
  try {
    JSON.parse(text);
  } catch (error) {
    throw invalidParameter(`Payload: could not be parsed as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  return Buffer.from(text);
}
