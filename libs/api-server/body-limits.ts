import { ServiceError } from '@hearth/kernel';
import type { InvokeOperation } from './invoke-operation.js';

/** Bytes of a control-plane request's body (spec/lambda-api.md 3.2). */
export const MAX_REQUEST_BYTES = 70_167_211;
/** Bytes of a request to any other service: 1 MB of log events and what JSON makes of them. */
export const MAX_OTHER_REQUEST_BYTES = 10_485_760;
/** Bytes of a synchronous event (spec/invoke.md 1.1). */
export const MAX_SYNC_PAYLOAD_BYTES = 6_291_456;
/** Bytes of an asynchronous event. */
export const MAX_ASYNC_PAYLOAD_BYTES = 1_048_576;
/** Bytes of an event of the deprecated InvokeAsync. */
export const MAX_INVOKE_ASYNC_BYTES = 262_144;

export function requestTooLarge(operation: string, limit = MAX_REQUEST_BYTES): ServiceError {
  return new ServiceError('RequestEntityTooLargeException', 413, `Request must be smaller than ${limit} bytes for the ${operation} operation`, {
    fault: null,
    messageMember: 'message',
  });
}

/** DryRun takes what a synchronous call takes. */
export function payloadLimit(operation: InvokeOperation, invocationType: string | undefined): number {
  if (operation === 'InvokeAsync') return MAX_INVOKE_ASYNC_BYTES;
  return invocationType === 'Event' ? MAX_ASYNC_PAYLOAD_BYTES : MAX_SYNC_PAYLOAD_BYTES;
}

/** @param bytes size of the payload; undefined when the sender did not tell and it was cut off */
export function payloadTooLarge(operation: InvokeOperation, bytes: number | undefined, invocationType: string | undefined): ServiceError {
  const given = operation === 'InvokeAsync' ? 'Event' : invocationType;
  const type = given === 'Event' || given === 'DryRun' ? given : 'RequestResponse';
  const limit = payloadLimit(operation, type);
  return new ServiceError('RequestTooLargeException', 413, `${bytes ?? `More than ${limit}`} byte payload is too large for the ${type} invocation type (limit ${limit} bytes)`, {
    messageMember: 'Message',
  });
}
