/**
 * What becomes of an accepted event after an attempt. Pure: reliability rules of spec/invoke.md section 4 stand here and
 * nowhere else.
 */

/** How one attempt ended. */
export type AttemptResult =
  | { kind: 'success'; executedVersion: string }
  /** The function failed or timed out: spends one of its retries. */
  | { kind: 'function-error'; errorType: string; response: Uint8Array; executedVersion: string; /** Of the qualifier's event invoke config; absent: as the policy says. */ maximumRetryAttempts?: number }
  /** Throttled, not ready, or Hearth's own failure (5xx): spends no retry; tried again with growing delays. */
  | { kind: 'postponed'; reason: string }
  /** It has done what was due and is due again later: a durable execution that waits. */
  | { kind: 'suspended'; delayMs: number }
  /** It can never run, for instance because the function was deleted. */
  | { kind: 'impossible'; condition: string; reason: string };

export interface RetryPolicy {
  /** Wait before the 1st, 2nd ... retry after a function error, in ms. Its length is the number of retries. */
  retryDelaysMs: readonly number[];
  /** First wait after an attempt that spent no retry, in ms; doubled each time. */
  backoffFirstMs: number;
  /** Longest such wait, in ms. */
  backoffMaxMs: number;
}

/** For functions that want retries where the deployment has none by default. */
const DEFAULT_RETRY_DELAY_MS = 60_000;

/** 1 s growing to 5 min (spec/invoke.md 4). */
export const LAMBDA_BACKOFF = { backoffFirstMs: 1_000, backoffMaxMs: 300_000 } as const;

export interface EventProgress {
  /** Executions begun, this one included. */
  attempts: number;
  /** Earlier attempts that ended in a function error. */
  functionErrors: number;
  /** How long the event may still wait before its next attempt must have begun, in ms. */
  remainingMs: number;
}

export type Decision =
  | { status: 'succeeded'; condition: 'Success' }
  | { status: 'failed'; condition: string; functionErrors: number }
  | { status: 'queued'; delayMs: number; functionErrors: number };

/** @param jitter in [0, 1): spreads the backoff of events that were postponed together */
export function decide(progress: EventProgress, result: AttemptResult, policy: RetryPolicy, jitter: number): Decision {
  switch (result.kind) {
    case 'success':
      return { status: 'succeeded', condition: 'Success' };
    case 'suspended':
      return { status: 'queued', delayMs: result.delayMs, functionErrors: progress.functionErrors };
    case 'impossible':
      return { status: 'failed', condition: result.condition, functionErrors: progress.functionErrors };
    case 'function-error': {
      const functionErrors = progress.functionErrors + 1;
      const retries = result.maximumRetryAttempts ?? policy.retryDelaysMs.length;
      // A deployment may have fewer delays than a function has retries: the last one then stays.
      const delayMs = policy.retryDelaysMs[functionErrors - 1] ?? policy.retryDelaysMs.at(-1) ?? DEFAULT_RETRY_DELAY_MS;
      if (functionErrors > retries) return { status: 'failed', condition: 'RetriesExhausted', functionErrors };
      return withinAge(progress, delayMs, functionErrors);
    }
    case 'postponed':
      return withinAge(progress, backoffMs(progress.attempts - progress.functionErrors, policy, jitter), progress.functionErrors);
  }
}

/** An event is dropped if the next attempt would start after its maximum age (spec/invoke.md 4). */
function withinAge(progress: EventProgress, delayMs: number, functionErrors: number): Decision {
  if (delayMs > progress.remainingMs) return { status: 'failed', condition: 'EventAgeExceeded', functionErrors };
  return { status: 'queued', delayMs, functionErrors };
}

/** @param postponements how often the event was postponed, this time included */
function backoffMs(postponements: number, policy: RetryPolicy, jitter: number): number {
  const grown = policy.backoffFirstMs * 2 ** Math.min(Math.max(postponements, 1) - 1, 30);
  const delay = Math.min(grown, policy.backoffMaxMs);
  return Math.round(delay * (1 - 0.25 * jitter));
}
