import { ServiceError } from '@hearth/kernel';

/** Concurrent invocations of one account (spec/concurrency-and-billing.md 1). */
export const ACCOUNT_CONCURRENCY_LIMIT = 1_000;

/**
 * Counts the invocations that run for each account. It counts within this process: with several control planes and
 * schedulers, each grants the limit by itself (docs/decisions/0004).
 */
export class AccountConcurrency {
  readonly #running = new Map<string, number>();

  constructor(private readonly limit: number = ACCOUNT_CONCURRENCY_LIMIT) {}

  /** @throws ServiceError TooManyRequestsException when the account has used up its concurrency */
  take(accountId: string): void {
    const running = this.#running.get(accountId) ?? 0;
    if (running >= this.limit) throw throttled();
    this.#running.set(accountId, running + 1);
  }

  release(accountId: string): void {
    const running = (this.#running.get(accountId) ?? 0) - 1;
    if (running > 0) this.#running.set(accountId, running);
    else this.#running.delete(accountId);
  }
}

function throttled(): ServiceError {
  return new ServiceError('TooManyRequestsException', 429, 'Rate Exceeded.', {
    messageMember: 'message',
    members: { Reason: 'ConcurrentInvocationLimitExceeded' },
    headers: { 'Retry-After': '1' },
  });
}
