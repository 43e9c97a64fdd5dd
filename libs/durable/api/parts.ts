import type { OperationContext } from '@hearth/aws-wire';
import type { FunctionResolver } from '@hearth/catalogue';
import { parseDurableCallbackId, parseDurableExecutionArn } from '@hearth/kernel';
import { executionNotFound, invalidCallbackId, callbackNotFound, invalidParameter } from '../errors.js';
import type { Executions } from '../executions.js';
import { arnOf, type ExecutionRecord } from '../execution-record.js';

/** What the operations work with. */
export interface DurableParts {
  executions: Executions;
  resolver: FunctionResolver;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The id in an ARN of the caller's account.
 * @throws ServiceError InvalidParameterValueException, ResourceNotFoundException
 */
export function executionIdOf(arn: string, { accountId, region }: OperationContext): string {
  const reference = parseDurableExecutionArn(arn);
  if (reference === undefined) throw invalidParameter('DurableExecutionArn is not the ARN of a durable execution.');
  if (reference.accountId !== accountId || reference.region !== region || !UUID.test(reference.id)) throw executionNotFound(arn);
  return reference.id;
}

/** @throws ServiceError ResourceNotFoundException also when the ARN's other parts are not those of the execution */
export async function executionOf({ executions }: DurableParts, arn: string, context: OperationContext): Promise<ExecutionRecord> {
  const execution = await executions.store.find(executionIdOf(arn, context));
  if (execution === undefined || arnOf(execution) !== arn) throw executionNotFound(arn);
  return execution;
}

/** @throws ServiceError */
export function callbackOf(callbackId: string, { accountId, region }: OperationContext): { executionId: string; executionArn: string; operationId: string } {
  const parsed = parseDurableCallbackId(callbackId);
  if (parsed === undefined) throw invalidCallbackId();
  const { execution, executionArn, operationId } = parsed;
  if (execution.accountId !== accountId || execution.region !== region || !UUID.test(execution.id)) throw callbackNotFound();
  return { executionId: execution.id, executionArn, operationId };
}
