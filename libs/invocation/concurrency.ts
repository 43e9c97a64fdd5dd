import { ACCOUNT_CONCURRENCY_LIMIT, type InvocableVersion } from '@hearth/catalogue';
import { ServiceError } from '@hearth/kernel';

type Runner = Pick<InvocableVersion, 'accountId' | 'region' | 'functionId' | 'concurrency'>;

/**
 * Counts the invocations that run: those of a function with reserved concurrency against its reservation, all others of an
 * account against what is not reserved (spec/concurrency-and-billing.md 1.1). It counts within this process: with several
 * control planes and schedulers, each grants the limits by itself (docs/decisions/0004).
 */
export class Concurrency {
  readonly #running = new Map<string, number>();

  constructor(private readonly accountLimit: number = ACCOUNT_CONCURRENCY_LIMIT) {}

  /**
   * @returns the pool it was taken from, for `release`: the reservation may change while the invocation runs
   * @throws ServiceError TooManyRequestsException when the pool is used up
   */
  take(version: Runner): string {
    const { accountId, region, functionId, concurrency } = version;
    const reserved = concurrency?.reserved;
    if (reserved === 0) throw new ReservedConcurrencyZero();
    if (reserved !== undefined) return this.#takeFrom(functionId, reserved, 'ReservedFunctionConcurrentInvocationLimitExceeded');
    const provisioned = concurrency?.provisioned;
    if (provisioned !== undefined) {
      const pool = `${functionId} ${provisioned.qualifier}`;
      if ((this.#running.get(pool) ?? 0) < provisioned.requested) return this.#takeFrom(pool, provisioned.requested, '');
    }
    return this.#takeFrom(`${accountId} ${region}`, this.accountLimit - (concurrency?.reservedInAccount ?? 0), 'ConcurrentInvocationLimitExceeded');
  }

  release(pool: string): void {
    const running = (this.#running.get(pool) ?? 0) - 1;
    if (running > 0) this.#running.set(pool, running);
    else this.#running.delete(pool);
  }

  #takeFrom(pool: string, limit: number, reason: string): string {
    const running = this.#running.get(pool) ?? 0;
    if (running >= limit) throw new Throttled(reason);
    this.#running.set(pool, running + 1);
    return pool;
  }
}

/** Retry-After is in seconds. */
class Throttled extends ServiceError {
  constructor(reason: string) {
    super('TooManyRequestsException', 429, 'Rate Exceeded.', { messageMember: 'message', members: { Reason: reason }, headers: { 'Retry-After': '1' } });
  }
}

/** The function is switched off: waiting does not help, so events fail for good (spec/invoke.md 4). */
export class ReservedConcurrencyZero extends Throttled {
  constructor() {
    super('ReservedFunctionConcurrentInvocationLimitExceeded');
  }
}
