import { ServiceError } from './errors.js';

/** Why an invocation is not run now (spec/concurrency-and-billing.md 1.3). */
export type ThrottleReason =
  | 'ConcurrentInvocationLimitExceeded'
  | 'FunctionInvocationRateLimitExceeded'
  | 'ReservedFunctionConcurrentInvocationLimitExceeded'
  | 'ReservedFunctionInvocationRateLimitExceeded'
  | 'CallerRateLimitExceeded';

/** 429 as Lambda answers it. Nothing was run: events are tried again later and spend no retry. */
export class Throttled extends ServiceError {
  /** @param retryAfterSeconds for the header Retry-After */
  constructor(reason: ThrottleReason, retryAfterSeconds = 1, cause?: unknown) {
    super('TooManyRequestsException', 429, 'Rate Exceeded.', { messageMember: 'message', members: { Reason: reason }, headers: { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterSeconds))) }, cause });
  }
}

/** Also of one that came from another process. */
export function throttleReason(error: unknown): ThrottleReason | undefined {
  if (!(error instanceof ServiceError) || error.code !== 'TooManyRequestsException') return undefined;
  return error.options.members?.['Reason'] as ThrottleReason | undefined;
}
