import type { EventWaker } from '@hearth/invocation';
import type { PoolClient } from 'pg';
import type { ExecutionChange } from './execution-change.js';
import { isOver, type ExecutionRecord } from './execution-record.js';
import { MAX_STORED_BYTES, sizeOf } from './limits.js';
import { hasEnded } from './operation.js';
import { completeFromOutside, type Outcome } from './outside-changes.js';
import type { DurableStore } from './store.js';

/**
 * All changes of executions. Invariants:
 * 1. A change, what follows from it for the execution that waits for its end, and the wake-up of the event that drives it, commit together.
 * 2. Locks are taken from child to parent, never the other way round.
 */
export class Executions {
  constructor(
    readonly store: DurableStore,
    private readonly waker: Pick<EventWaker, 'wakeWithin' | 'announce'>,
  ) {}

  /**
   * @param operationIds what `work` will look at
   * @returns undefined when there is no such execution
   */
  async change<T>(id: string, work: (change: ExecutionChange) => T | Promise<T>, operationIds: readonly string[] = []): Promise<{ value: T } | undefined> {
    const woken: string[] = [];
    const done = await this.store.database.transaction(async (client) => {
      const change = await this.store.lock(client, id, operationIds);
      if (change === undefined) return undefined;
      const value = await work(change);
      await this.#finish(change, woken);
      return { value };
    });
    this.announce(woken);
    return done;
  }

  /** Completes the operation that waits for something outside, if it still does. In the caller's transaction. */
  async completeWithin(client: PoolClient, executionId: string, operationId: string, outcome: Outcome, woken: string[]): Promise<void> {
    const change = await this.store.lock(client, executionId, [operationId]);
    if (change === undefined) return;
    const operation = change.operation(operationId);
    if (operation !== undefined && !hasEnded(operation) && !isOver(change.execution)) change.put(completeFromOutside(operation, kept(change.execution, outcome), change.now));
    await this.#finish(change, woken);
  }

  async complete(executionId: string, operationId: string, outcome: Outcome): Promise<void> {
    const woken: string[] = [];
    await this.store.database.transaction((client) => this.completeWithin(client, executionId, operationId, outcome, woken));
    this.announce(woken);
  }

  /** Fresh events, or events that are due now. */
  announce(ids: readonly string[]): void {
    if (ids.length > 0) this.waker.announce(ids);
  }

  async #finish(change: ExecutionChange, woken: string[]): Promise<void> {
    const { client, execution } = change;
    await change.flush();
    if (change.wakes) {
      await this.waker.wakeWithin(client, [execution.id]);
      woken.push(execution.id);
    }
    if (change.endedNow && execution.parent !== undefined) {
      const { executionId, operationId } = execution.parent;
      await this.completeWithin(client, executionId, operationId, outcomeOf(execution, change.result), woken);
    }
  }
}

/** The outcome, unless the execution cannot keep it: then that is the outcome. */
function kept(execution: ExecutionRecord, outcome: Outcome): Outcome {
  const bytes = sizeOf(outcome);
  if (execution.storedBytes + bytes > MAX_STORED_BYTES) return { status: 'FAILED', error: { ErrorType: 'Lambda.StorageLimitExceeded', ErrorMessage: `The durable execution keeps more than ${MAX_STORED_BYTES} bytes.` } };
  execution.storedBytes += bytes;
  return outcome;
}

function outcomeOf({ status, error }: ExecutionRecord, result: string | undefined): Outcome {
  if (status === 'SUCCEEDED') return { status, result };
  return { status: status === 'TIMED_OUT' || status === 'STOPPED' ? status : 'FAILED', error: error ?? {} };
}
