import { InfrastructureError, ServiceError } from '@hearth/kernel';
import type { AttemptResult } from './attempt-decision.js';
import { ReservedConcurrencyZero } from './concurrency/concurrency.js';
import type { ClaimedEvent } from './event-store.js';
import type { Execution } from './execution.js';

/** Runs a claimed event once. Never rejects: whatever goes wrong is a result to decide on. */
export async function attempt(execution: Execution, event: ClaimedEvent, signal: AbortSignal): Promise<AttemptResult> {
  const claimedAt = Date.now();
  try {
    const { outcome, version } = await execution.run({ ...event, requestId: event.id, qualifiedByCaller: event.qualifier !== undefined, before: { queue: [claimedAt - event.waitedMs, claimedAt] } }, 'event', signal);
    if (outcome.status === 'success') return { kind: 'success', executedVersion: version.version };
    return { kind: 'function-error', errorType: outcome.errorType ?? outcome.status, response: outcome.payload, executedVersion: version.version, maximumRetryAttempts: version.asynchronous?.maximumRetryAttempts };
  } catch (error) {
    return resultOf(error);
  }
}

/** Throttles, states that pass, and all that is Hearth's own fault postpone; the other 4xx answers never change by themselves. */
export function resultOf(error: unknown): AttemptResult {
  if (error instanceof ReservedConcurrencyZero) return { kind: 'impossible', condition: 'ZeroReservedConcurrency', reason: error.code };
  if (error instanceof ServiceError) {
    if (error.code === 'ResourceNotFoundException') return { kind: 'impossible', condition: 'FunctionNotFound', reason: error.code };
    if (error.status < 500 && error.status !== 429 && error.status !== 409) return { kind: 'impossible', condition: 'InvocationRejected', reason: error.code };
    return { kind: 'postponed', reason: error.code };
  }
  if (error instanceof InfrastructureError) return { kind: 'postponed', reason: error.name };
  return { kind: 'postponed', reason: error instanceof Error ? error.name : 'Unknown' };
}
