import { INVALID_OUTPUT, RESULT_TOO_LARGE } from './errors.js';
import { MAX_EXECUTION_PAYLOAD_BYTES } from './limits.js';
import type { ErrorObject } from './operation.js';

/** What a function answered, or what is wrong with it. */
export type InvocationOutput = { status: 'SUCCEEDED'; result?: string } | { status: 'FAILED'; error: ErrorObject } | { status: 'PENDING' };

/** Pure. @param payload what the runtime posted */
export function parseOutput(payload: Uint8Array): InvocationOutput {
  let output: unknown;
  try {
    output = JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch {
    return { status: 'FAILED', error: INVALID_OUTPUT }; // Not JSON is as wrong as any other answer.
  }
  if (typeof output !== 'object' || output === null) return { status: 'FAILED', error: INVALID_OUTPUT };
  const { Status, Result, Error: error } = output as { Status?: unknown; Result?: unknown; Error?: unknown };
  switch (Status) {
    case 'SUCCEEDED':
      if (Result !== undefined && Result !== null && typeof Result !== 'string') return { status: 'FAILED', error: INVALID_OUTPUT };
      if (Buffer.byteLength(Result ?? '') > MAX_EXECUTION_PAYLOAD_BYTES) return { status: 'FAILED', error: RESULT_TOO_LARGE };
      return { status: 'SUCCEEDED', result: Result ?? undefined };
    case 'FAILED':
      return { status: 'FAILED', error: errorObject(error) };
    case 'PENDING':
      return { status: 'PENDING' };
    default:
      return { status: 'FAILED', error: INVALID_OUTPUT };
  }
}

/** Of the error object that a runtime posts, or that the platform makes for it. */
export function runtimeError(payload: Uint8Array, errorType: string | undefined): ErrorObject {
  let posted: { errorType?: unknown; errorMessage?: unknown; stackTrace?: unknown; trace?: unknown } = {};
  try {
    const parsed: unknown = JSON.parse(Buffer.from(payload).toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null) posted = parsed;
  } catch {
    // No JSON: the type that the platform gave has to do.
  }
  return errorObject({ ErrorType: posted.errorType ?? errorType, ErrorMessage: posted.errorMessage, StackTrace: posted.stackTrace ?? posted.trace });
}

/** Only the members of the shape, and only of its types. */
function errorObject(given: unknown): ErrorObject {
  if (typeof given !== 'object' || given === null) return {};
  const { ErrorType, ErrorMessage, ErrorData, StackTrace } = given as Record<string, unknown>;
  return {
    ...(typeof ErrorType === 'string' && { ErrorType }),
    ...(typeof ErrorMessage === 'string' && { ErrorMessage }),
    ...(typeof ErrorData === 'string' && { ErrorData }),
    ...(Array.isArray(StackTrace) && StackTrace.every((line) => typeof line === 'string') && { StackTrace }),
  };
}
