import type { FunctionResolver } from '@hearth/catalogue';
import { durableCallbackId } from '@hearth/kernel';
import { applyUpdate } from './apply-update.js';
import { planChainedInvoke, sendChainedInvoke, type ChainedPlan } from './chained-invokes.js';
import { checkpointToken, parseCheckpointToken } from './checkpoint-token.js';
import { executionNotFound, invalidCheckpointToken, invalidParameter } from './errors.js';
import type { ExecutionChange } from './execution-change.js';
import { arnOf, isOver, type ExecutionRecord } from './execution-record.js';
import type { Executions } from './executions.js';
import { checkedSize, MAX_OPERATIONS, MAX_STORED_BYTES } from './limits.js';
import type { Operation, OperationUpdate } from './operation.js';
import { pauseNow } from './pause.js';

export interface CheckpointRequest {
  executionId: string;
  /** What the caller was authorised for: it has to be the execution's. */
  arn: string;
  token: string;
  clientToken?: string;
  updates: readonly OperationUpdate[];
}

export interface CheckpointAnswer {
  execution: ExecutionRecord;
  /** Absent: there must be no further checkpoint in this invocation. */
  token?: string;
  /** What changed since the function was last told, by itself or by others. */
  operations: Operation[];
}

/**
 * Keeps what a function has done so far. All updates or none.
 * @throws ServiceError InvalidParameterValueException: not the latest token, an illegal update, a limit
 */
export async function checkpoint(executions: Executions, resolver: FunctionResolver, request: CheckpointRequest): Promise<CheckpointAnswer> {
  const { executionId, updates } = request;
  const plans = await planChainedInvokes(executions, resolver, request);
  const sent: string[] = [];
  const done = await executions.change(executionId, async (change) => {
    const { execution } = change;
    const position = parseCheckpointToken(request.token);
    if (arnOf(execution) !== request.arn || position === undefined || position.executionId !== execution.id || position.generation !== execution.generation) throw invalidCheckpointToken();
    const repeated = request.clientToken !== undefined && request.clientToken === execution.clientToken && position.sequence === execution.sequence - 1;
    if (!repeated) await take(change, position.sequence, request, plans, executions, sent);
    return { execution: { ...execution }, since: execution.priorSeenRevision };
  }, updates.map(({ Id }) => Id));
  if (done === undefined) throw invalidCheckpointToken();
  executions.announce(sent);
  const { execution, since } = done.value;
  // What changed since the commit is told now, and once more later: it must not be missing where the function looks for its own start.
  const operations = execution.revision > since ? await executions.store.changedSince(executionId, since) : [];
  const { generation, sequence } = execution;
  return { execution, operations, ...(execution.status === 'RUNNING' && { token: checkpointToken({ executionId, generation, sequence }) }) };
}

/** By operation. What has to be looked up outside is looked up before the execution is locked. */
async function planChainedInvokes(executions: Executions, resolver: FunctionResolver, { executionId, updates }: CheckpointRequest): Promise<Map<string, ChainedPlan>> {
  const plans = new Map<string, ChainedPlan>();
  const invokes = updates.filter(({ Type, Action }) => Type === 'CHAINED_INVOKE' && Action === 'START');
  if (invokes.length === 0) return plans;
  const execution = await executions.store.find(executionId);
  if (execution === undefined) throw invalidCheckpointToken();
  for (const update of invokes) plans.set(update.Id, await planChainedInvoke(resolver, execution, update));
  return plans;
}

async function take(change: ExecutionChange, sequence: number, { updates, clientToken }: CheckpointRequest, plans: ReadonlyMap<string, ChainedPlan>, executions: Executions, sent: string[]): Promise<void> {
  const { execution } = change;
  if (sequence !== execution.sequence || !execution.invoking || isOver(execution) || execution.status === 'PAUSED') throw invalidCheckpointToken();
  for (const update of updates) await apply(change, update, plans, executions, sent);
  execution.sequence++;
  execution.clientToken = clientToken;
  execution.priorSeenRevision = execution.seenRevision;
  execution.seenRevision = execution.revision;
  if (execution.status === 'PAUSING') pauseNow(change);
}

async function apply(change: ExecutionChange, update: OperationUpdate, plans: ReadonlyMap<string, ChainedPlan>, executions: Executions, sent: string[]): Promise<void> {
  const { execution, now } = change;
  if (isOver(execution)) throw invalidParameter(`Operation ${update.Id}: nothing can be done after the end of the execution.`);
  execution.storedBytes += checkedSize(update);
  if (execution.storedBytes > MAX_STORED_BYTES) throw invalidParameter(`The durable execution keeps more than ${MAX_STORED_BYTES} bytes.`);
  if (update.Type === 'EXECUTION') return endByUpdate(change, update);
  const current = change.operation(update.Id);
  if (current === undefined && execution.operations >= MAX_OPERATIONS) throw invalidParameter(`The durable execution has more than ${MAX_OPERATIONS} operations.`);
  const applied = applyUpdate({ ...update, Type: update.Type }, current, {
    now,
    nextOrdinal: execution.operations + 1,
    callbackId: (operationId) => durableCallbackId(arnOf(execution), operationId),
  });
  change.put(applied);
  const plan = update.Action === 'START' ? plans.get(update.Id) : undefined;
  if (plan === undefined) return;
  const eventId = await sendChainedInvoke(change, executions, applied.operation, plan);
  if (eventId !== undefined) sent.push(eventId);
}

/** For results that are too large for an answer: the function answers with an empty one afterwards. */
function endByUpdate(change: ExecutionChange, { Id, Action, Payload, Error: error }: OperationUpdate): void {
  if (Action === 'SUCCEED') change.end('SUCCEEDED', { result: Payload });
  else if (Action === 'FAIL') change.end('FAILED', { error: error ?? {} });
  else throw invalidParameter(`Operation ${Id}: an EXECUTION does not take the action ${Action}.`);
}

/** The execution of an invocation's token, for reads. @throws ServiceError */
export async function executionOfToken(executions: Executions, arn: string, executionId: string, token: string): Promise<ExecutionRecord> {
  const execution = await executions.store.find(executionId);
  if (execution === undefined || arnOf(execution) !== arn) throw executionNotFound(arn);
  const position = parseCheckpointToken(token);
  const current = position?.executionId === execution.id && position.generation === execution.generation && position.sequence === execution.sequence;
  if (!current || !execution.invoking || isOver(execution)) throw invalidCheckpointToken();
  return execution;
}
