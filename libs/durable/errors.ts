import { ServiceError } from '@hearth/kernel';
import type { ErrorObject } from './operation.js';

/** Errors of the durable operations: code, status and text of each. */

export function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterValueException', 400, message, { messageMember: 'message' });
}

/** The SDK tells stale invocations by how this text begins (spec/lambda-api.md 4.14). */
export function invalidCheckpointToken(): ServiceError {
  return invalidParameter('Invalid Checkpoint Token: it is not the latest one of a running execution.');
}

export function executionNotFound(arn: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', 404, `Durable execution not found: ${arn}`, { messageMember: 'Message' });
}

export function callbackNotFound(): ServiceError {
  return new ServiceError('ResourceNotFoundException', 404, 'The callback does not exist.', { messageMember: 'Message' });
}

export function invalidCallbackId(): ServiceError {
  return invalidParameter('The callback id is not valid.');
}

export function callbackClosed(): ServiceError {
  return new ServiceError('CallbackTimeoutException', 400, 'The callback has timed out or has already been completed.', { messageMember: 'Message' });
}

export function alreadyStarted(name: string): ServiceError {
  return new ServiceError('DurableExecutionAlreadyStartedException', 409, `A durable execution with the name ${name} was already started with a different payload.`, { messageMember: 'Message' });
}

export function conflict(message: string): ServiceError {
  return new ServiceError('ResourceConflictException', 409, message, { messageMember: 'message' });
}

/** Of an execution that a caller waits for and whose first invocation was throttled: the caller gets the 429, and the execution is forgotten. `ErrorData` is the reason. */
export const THROTTLED = 'Lambda.Throttled';

/** For functions that did not answer as a durable function must. */
export const INVALID_OUTPUT: ErrorObject = { ErrorType: 'Lambda.InvalidInvocationOutput', ErrorMessage: 'Invalid Status in invocation output.' };
export const NOTHING_PENDING: ErrorObject = { ErrorType: 'Lambda.InvalidInvocationOutput', ErrorMessage: 'Cannot return PENDING status with no pending operations.' };
export const RESULT_TOO_LARGE: ErrorObject = { ErrorType: 'Lambda.ResultTooLarge', ErrorMessage: 'The result of the durable execution is larger than 6291456 bytes.' };
