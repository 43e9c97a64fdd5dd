import { setTimeout as delay } from 'node:timers/promises';
import type { Logger, PointerWorker, QueueConnection } from '@hearth/queue';
import { attempt } from './attempt.js';
import { decide, type AttemptResult, type RetryPolicy } from './attempt-decision.js';
import type { DurableClaim, DurableExecutions } from './durable-port.js';
import { EVENT_QUEUE, eventIdOf } from './event-pointer.js';
import type { ClaimedEvent, EventStore, Settlement } from './event-store.js';
import type { Execution } from './execution.js';
import { HeldLeases, LeaseLost } from './held-leases.js';

export interface DispatcherOptions {
  queue: QueueConnection;
  store: EventStore;
  execution: Execution;
  /** Absent: this deployment has none. */
  durable?: DurableExecutions;
  concurrency: number;
  leaseMs: number;
  policy: RetryPolicy;
  logger: Logger;
  /** An event ended for good without success. */
  onDropped(claim: ClaimedEvent, condition: string): void;
  /** Called when a pointer was taken and when the last one in hand was finished: room for more. */
  onProgress: (idle: boolean) => void;
}

class ShuttingDown extends Error {
  override readonly name = 'ShuttingDown';
}

const SETTLE_RETRY_FIRST_MS = 100;
const SETTLE_RETRY_MAX_MS = 5_000;

/**
 * Takes pointers from BullMQ and runs the events they point to. Invariants:
 * 1. Nothing runs without a claim (EventStore invariant 1), so a pointer delivered twice runs once.
 * 2. The result is written under the claim's token; when Postgres is away it is held and written later.
 * 3. A failure before the claim leaves the row as it was; the reconciler hands it out again.
 */
export class AsyncDispatcher {
  readonly #worker: PointerWorker;
  readonly #leases: HeldLeases;
  readonly #stopping = new AbortController();
  #active = 0;

  constructor(private readonly options: DispatcherOptions) {
    this.#leases = new HeldLeases(options.store, options.leaseMs, options.logger);
    this.#worker = options.queue.worker(EVENT_QUEUE, (jobId) => this.#handle(jobId), options.concurrency);
  }

  start(): void {
    this.#worker.start();
  }

  /** Takes no more events, gives running ones `drainMs` to end, then hands the rest back to the backlog. */
  async stop(drainMs: number): Promise<void> {
    await this.#worker.pause();
    const timer = setTimeout(() => {
      this.#leases.abortAll(new ShuttingDown('the scheduler stops'));
      this.#stopping.abort();
    }, drainMs);
    await this.#worker.close();
    clearTimeout(timer);
    this.#leases.stop();
  }

  async #handle(jobId: string): Promise<void> {
    const id = eventIdOf(jobId);
    if (id === undefined) return this.options.logger.warn({ job: jobId }, 'a job in the event queue is none of ours');
    this.#active++;
    this.options.onProgress(false);
    try {
      const claim = await this.options.store.claim(id);
      if (claim !== undefined) await this.#run(claim);
    } finally {
      this.#active--;
      if (this.#active === 0) this.options.onProgress(true);
    }
  }

  async #run(claim: ClaimedEvent): Promise<void> {
    const claimedAt = performance.now();
    const signal = this.#leases.hold(claim);
    try {
      const result: AttemptResult = isDurable(claim)
        ? await this.#attemptDurable(claim, signal)
        : claim.remainingMs <= 0 ? { kind: 'impossible', condition: 'EventAgeExceeded', reason: 'EventAgeExceeded' } : await this.#attempt(claim, signal);
      if (signal.reason instanceof LeaseLost) return this.#superseded(claim);
      const settlement =
        signal.reason instanceof ShuttingDown && result.kind !== 'success'
          ? { decision: { status: 'queued', delayMs: 0, functionErrors: claim.functionErrors } as const }
          : this.#decide(claim, result, performance.now() - claimedAt);
      if (!(await this.#settle(claim, settlement))) this.#superseded(claim);
      else if (settlement.decision.status === 'failed') this.options.onDropped(claim, settlement.decision.condition);
      else if (isDurable(claim) && settlement.decision.status === 'queued') await this.options.durable?.settled(claim);
    } finally {
      this.#leases.drop(claim);
    }
  }

  async #attempt(claim: ClaimedEvent, signal: AbortSignal): Promise<AttemptResult> {
    const result = await attempt(this.options.execution, claim, signal);
    if (result.kind === 'postponed') this.options.logger.info({ event: claim.id, function: claim.functionName, reason: result.reason, attempt: claim.attempts }, 'event postponed');
    return result;
  }

  /** An execution may be older than any event: its own timeout counts, not the event's age. */
  async #attemptDurable(claim: DurableClaim, signal: AbortSignal): Promise<AttemptResult> {
    const { durable, execution } = this.options;
    if (durable === undefined) return { kind: 'postponed', reason: 'DurableExecutionsNotServed' };
    return durable.attempt(claim, (target, abort) => execution.run(target, 'event', abort), signal);
  }

  #decide(claim: ClaimedEvent, result: AttemptResult, elapsedMs: number): Settlement {
    const decision = decide({ attempts: claim.attempts, functionErrors: claim.functionErrors, remainingMs: claim.remainingMs - elapsedMs }, result, this.options.policy, Math.random());
    if (decision.status === 'failed') this.options.logger.warn({ event: claim.id, account: claim.accountId, function: claim.functionName, condition: decision.condition }, 'event failed for good');
    switch (result.kind) {
      case 'success':
        return { decision, executedVersion: result.executedVersion };
      case 'suspended':
        return { decision };
      case 'function-error':
        return { decision, errorType: result.errorType, response: result.response, executedVersion: result.executedVersion };
      case 'postponed':
      case 'impossible':
        return { decision, errorType: result.reason };
    }
  }

  /** Tries until Postgres answers: the function has run, and its result must not be forgotten. @returns false when the claim was lost */
  async #settle(claim: ClaimedEvent, settlement: Settlement): Promise<boolean> {
    for (let waitMs = SETTLE_RETRY_FIRST_MS; ; waitMs = Math.min(waitMs * 2, SETTLE_RETRY_MAX_MS)) {
      try {
        return await this.options.store.settle(claim, settlement);
      } catch (error) {
        this.options.logger.warn({ err: error, event: claim.id }, 'the result of an event could not be stored yet');
        if (this.#stopping.signal.aborted) throw error;
        // Stopping cuts the wait short: one last try follows at once.
        await delay(waitMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  #superseded(claim: ClaimedEvent): void {
    this.options.logger.warn({ event: claim.id, token: claim.fencingToken }, 'an event was taken over by another scheduler; this result is dropped');
  }
}

function isDurable(claim: ClaimedEvent): claim is DurableClaim {
  return claim.durable !== undefined;
}
