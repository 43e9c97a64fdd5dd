import { ACCOUNT_CONCURRENCY_LIMIT, type InvocableVersion } from '@hearth/catalogue';
import { Throttled, type ThrottleReason } from '@hearth/kernel';
import { LocalTokens, type Tokens } from './tokens.js';

type Runner = Pick<InvocableVersion, 'accountId' | 'region' | 'functionId' | 'concurrency'>;

/**
 * Which limit an invocation counts against (spec/concurrency-and-billing.md 1.1): its function's reservation; else what is provisioned for its
 * qualifier, and beyond that what the account has not given away.
 */
export class Concurrency {
  constructor(
    private readonly tokens: Tokens = new LocalTokens(),
    private readonly accountLimit: number = ACCOUNT_CONCURRENCY_LIMIT,
  ) {}

  /**
   * @returns the pool it was taken from, for `release`: the reservation may change while the invocation runs. Without a promise when this process knows the answer
   * @throws ServiceError TooManyRequestsException when the pool is used up, at once or by the promise
   */
  take({ accountId, region, functionId, concurrency }: Runner): string | Promise<string> {
    const { reserved, provisioned, reservedInAccount = 0 } = concurrency ?? {};
    if (reserved === 0) throw new ReservedConcurrencyZero();
    if (reserved !== undefined) return this.#takeFrom(functionId, reserved, 'ReservedFunctionConcurrentInvocationLimitExceeded');
    const shared = (): string | Promise<string> => this.#takeFrom(`${accountId} ${region}`, this.accountLimit - reservedInAccount, 'ConcurrentInvocationLimitExceeded');
    if (provisioned === undefined) return shared();
    const pool = `${functionId} ${provisioned.qualifier}`;
    const taken = this.tokens.take(pool, provisioned.requested);
    if (taken instanceof Promise) return taken.then((got) => (got ? pool : shared()));
    return taken ? pool : shared();
  }

  release(pool: string): void {
    this.tokens.release(pool);
  }

  #takeFrom(pool: string, limit: number, reason: ThrottleReason): string | Promise<string> {
    const taken = this.tokens.take(pool, limit);
    if (taken instanceof Promise) return taken.then((got) => granted(got, pool, reason));
    return granted(taken, pool, reason);
  }
}

function granted(taken: boolean, pool: string, reason: ThrottleReason): string {
  if (!taken) throw new Throttled(reason);
  return pool;
}

/** The function is switched off: waiting does not help, so events fail for good (spec/invoke.md 4). */
export class ReservedConcurrencyZero extends Throttled {
  constructor() {
    super('ReservedFunctionConcurrentInvocationLimitExceeded');
  }
}
