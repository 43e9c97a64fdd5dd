import type { OperationContext } from '@hearth/aws-wire';
import type { Applied } from '../apply-update.js';
import { callbackClosed, callbackNotFound, invalidParameter } from '../errors.js';
import { arnOf, isOver } from '../execution-record.js';
import { MAX_STORED_BYTES, sizeOf } from '../limits.js';
import { hasEnded, type Operation } from '../operation.js';
import { callbackOf, type DurableParts } from './parts.js';

/**
 * Changes a callback that is open.
 * @throws ServiceError ResourceNotFoundException, CallbackTimeoutException
 */
export async function changeCallback({ executions }: DurableParts, callbackId: string, context: OperationContext, work: (callback: Operation, now: number) => Applied): Promise<Record<string, unknown>> {
  const { executionId, executionArn, operationId } = callbackOf(callbackId, context);
  const changed = await executions.change(executionId, (change) => {
    const callback = change.operation(operationId);
    // The caller was authorised for the ARN in the id: it has to be this execution's.
    if (callback === undefined || callback.type !== 'CALLBACK' || arnOf(change.execution) !== executionArn) throw callbackNotFound();
    if (hasEnded(callback) || isOver(change.execution)) throw callbackClosed();
    const applied = work(callback, change.now);
    change.execution.storedBytes += sizeOf(applied.operation);
    if (change.execution.storedBytes > MAX_STORED_BYTES) throw invalidParameter(`The durable execution keeps more than ${MAX_STORED_BYTES} bytes.`);
    change.put(applied);
  }, [operationId]);
  if (changed === undefined) throw callbackNotFound();
  return {};
}
