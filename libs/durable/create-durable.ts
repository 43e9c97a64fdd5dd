import type { OperationHandler } from '@hearth/aws-wire';
import type { FunctionResolver } from '@hearth/catalogue';
import type { Database } from '@hearth/database';
import type { DurableExecutions, EventWaker } from '@hearth/invocation';
import type { Logger } from '@hearth/queue';
import { attemptExecution } from './attempt.js';
import { attemptChainedInvoke } from './chained-invokes.js';
import { durableOperations } from './durable-operations.js';
import { EndWatch } from './end-watch.js';
import { Executions } from './executions.js';
import { ShortSleeps } from './short-sleeps.js';
import { Starts } from './start.js';
import { DurableStore } from './store.js';
import { upkeep } from './upkeep.js';

export interface DurableOptions {
  database: Database;
  resolver: FunctionResolver;
  /** Of the events that drive executions. */
  waker: Pick<EventWaker, 'wakeWithin' | 'announce'>;
  logger: Logger;
}

export interface Durable {
  /** By operation name of the service model. */
  operations: Record<string, OperationHandler>;
  /** For invocation. */
  executions: DurableExecutions;
  close(): Promise<void>;
}

export function createDurable({ database, resolver, waker, logger }: DurableOptions): Durable {
  const store = new DurableStore(database);
  const executions = new Executions(store, waker);
  const watch = new EndWatch(store, logger);
  const starts = new Starts(executions, watch);
  const sleeps = new ShortSleeps((ids) => executions.announce(ids));
  return {
    operations: durableOperations({ executions, resolver }),
    executions: {
      checkStart: (command, version) => starts.check(command, version),
      start: (command, version, payload) => starts.start(command, version, payload),
      async attempt(claim, run, signal) {
        if (claim.durable.operationId !== undefined) return await attemptChainedInvoke(executions, claim, run, signal);
        const result = await attemptExecution({ executions, resolver, logger }, claim, run, signal);
        sleeps.told(claim.durable.executionId, result);
        return result;
      },
      async settled({ durable }) {
        try {
          if (durable.operationId !== undefined) return;
          await store.wakeForgotten([durable.executionId]);
          executions.announce([durable.executionId]); // Heard only if it is due.
          sleeps.stored(durable.executionId);
        } catch (error) {
          logger.warn({ err: error, execution: durable.executionId }, 'whether a durable execution is due is not known yet; the sweep finds out');
        }
      },
      startUpkeep() {
        const sweep = upkeep(executions, logger);
        sweep.start();
        return sweep;
      },
    },
    close() {
      sleeps.close();
      return watch.close();
    },
  };
}
