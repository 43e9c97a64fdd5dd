import { invalidParameter } from './errors.js';
import type { ErrorObject, OperationUpdate } from './operation.js';

/** Sizes of spec/lambda-api.md 4.14; counts of the quotas that Lambda publishes for durable functions. */
export const MAX_OPERATIONS = 3_000;
/** All payloads and errors that an execution was given to keep, together. */
export const MAX_STORED_BYTES = 104_857_600;
export const MAX_EXECUTION_PAYLOAD_BYTES = 6_291_456;
const MAX_CHAINED_PAYLOAD_BYTES = 1_048_576;
const MAX_PAYLOAD_BYTES = 262_144;
export const MAX_CALLBACK_RESULT_BYTES = 262_144;
/** Of a synchronous call, waits included. */
export const MAX_SYNCHRONOUS_SECONDS = 900;
/** A page of operations told to the function: an invocation's event has to stay below 6 MB. */
export const STATE_PAGE_BYTES = 4_194_304;
/** A page of the history: answers stay below 6 MB, like those of functions. */
export const HISTORY_PAGE_BYTES = 5_242_880;
export const STATE_PAGE_OPERATIONS = 1_000;

/** What an outcome from outside makes the execution keep, in bytes. */
export function sizeOf({ result, error }: { result?: string; error?: ErrorObject }): number {
  return Buffer.byteLength(result ?? '') + (error === undefined ? 0 : Buffer.byteLength(JSON.stringify(error)));
}

/**
 * @returns bytes that the update makes the execution keep
 * @throws ServiceError InvalidParameterValueException when a payload or an error is too large
 */
export function checkedSize({ Id, Type, Payload, Error: error }: OperationUpdate): number {
  const limit = Type === 'EXECUTION' ? MAX_EXECUTION_PAYLOAD_BYTES : Type === 'CHAINED_INVOKE' ? MAX_CHAINED_PAYLOAD_BYTES : MAX_PAYLOAD_BYTES;
  const payloadBytes = Buffer.byteLength(Payload ?? '');
  if (payloadBytes > limit) throw invalidParameter(`Payload of operation ${Id}: ${Type} operations keep at most ${limit} bytes.`);
  return payloadBytes + checkedErrorSize(error, `operation ${Id}`);
}

/** @throws ServiceError InvalidParameterValueException */
export function checkedErrorSize(error: ErrorObject | undefined, where: string): number {
  if (error === undefined) return 0;
  const bytes = Buffer.byteLength(JSON.stringify(error));
  if (bytes > MAX_PAYLOAD_BYTES) throw invalidParameter(`Error of ${where}: at most ${MAX_PAYLOAD_BYTES} bytes are kept.`);
  return bytes;
}
