import fc from 'fast-check';
import { decide, LAMBDA_BACKOFF, type AttemptResult, type RetryPolicy } from './attempt-decision.js';

const policy: RetryPolicy = { retryDelaysMs: [60_000, 120_000], ...LAMBDA_BACKOFF };
const SIX_HOURS_MS = 21_600_000;
const failure: AttemptResult = { kind: 'function-error', errorType: 'Error', response: Buffer.from('{}'), executedVersion: '$LATEST' };
const postponed: AttemptResult = { kind: 'postponed', reason: 'throttled' };

describe('what becomes of an event after an attempt', () => {
  it('ends with Success', () => {
    expect(decide({ attempts: 1, functionErrors: 0, remainingMs: 0 }, { kind: 'success', executedVersion: '1' }, policy, 0)).toEqual({ status: 'succeeded', condition: 'Success' });
  });

  it('retries a function error after one minute, then after two, then keeps it as RetriesExhausted', () => {
    expect(decide({ attempts: 1, functionErrors: 0, remainingMs: SIX_HOURS_MS }, failure, policy, 0)).toEqual({ status: 'queued', delayMs: 60_000, functionErrors: 1 });
    expect(decide({ attempts: 2, functionErrors: 1, remainingMs: SIX_HOURS_MS }, failure, policy, 0)).toEqual({ status: 'queued', delayMs: 120_000, functionErrors: 2 });
    expect(decide({ attempts: 3, functionErrors: 2, remainingMs: SIX_HOURS_MS }, failure, policy, 0)).toEqual({ status: 'failed', condition: 'RetriesExhausted', functionErrors: 3 });
  });

  it('backs off from 1 s to 5 min without spending retries', () => {
    const delays = [1, 2, 3, 9, 10, 500].map((attempts) => {
      const decision = decide({ attempts, functionErrors: 0, remainingMs: SIX_HOURS_MS }, postponed, policy, 0);
      return decision.status === 'queued' && decision.functionErrors === 0 ? decision.delayMs : undefined;
    });
    expect(delays).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
  });

  it('gives up an event whose next attempt would start after its maximum age', () => {
    expect(decide({ attempts: 1, functionErrors: 0, remainingMs: 59_999 }, failure, policy, 0)).toMatchObject({ status: 'failed', condition: 'EventAgeExceeded', functionErrors: 1 });
    expect(decide({ attempts: 1, functionErrors: 0, remainingMs: 999 }, postponed, policy, 0)).toMatchObject({ status: 'failed', condition: 'EventAgeExceeded', functionErrors: 0 });
  });

  it('records what cannot run with its condition', () => {
    expect(decide({ attempts: 1, functionErrors: 1, remainingMs: SIX_HOURS_MS }, { kind: 'impossible', condition: 'FunctionNotFound', reason: 'x' }, policy, 0)).toEqual({
      status: 'failed',
      condition: 'FunctionNotFound',
      functionErrors: 1,
    });
  });

  it('whatever happens, ends: at most three function errors, never a next attempt after the maximum age, delays within bounds', () => {
    const results = fc.array(fc.record({ result: fc.constantFrom(failure, postponed), tookMs: fc.nat(900_000), jitter: fc.double({ min: 0, max: 0.999, noNaN: true }) }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(results, fc.integer({ min: 1_000, max: SIX_HOURS_MS }), (steps, maxAgeMs) => {
        let elapsed = 0;
        let functionErrors = 0;
        let executed = 0;
        for (const [index, step] of steps.entries()) {
          expect(elapsed).toBeLessThanOrEqual(maxAgeMs); // An attempt never starts too late.
          if (step.result === failure) executed++;
          elapsed += step.tookMs;
          const decision = decide({ attempts: index + 1, functionErrors, remainingMs: maxAgeMs - elapsed }, step.result, policy, step.jitter);
          if (decision.status !== 'queued') break;
          expect(decision.delayMs).toBeGreaterThanOrEqual(750);
          expect(decision.delayMs).toBeLessThanOrEqual(300_000);
          functionErrors = decision.functionErrors;
          elapsed += decision.delayMs;
        }
        expect(executed).toBeLessThanOrEqual(3);
      }),
    );
  });
});
