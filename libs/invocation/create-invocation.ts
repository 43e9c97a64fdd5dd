import { randomUUID } from 'node:crypto';
import type { FunctionResolver, ProvisionedConfigs } from '@hearth/catalogue';
import type { Settings } from '@hearth/config';
import type { Database } from '@hearth/database';
import type { Fleet, Provisioner } from '@hearth/fleet';
import type { Clock } from '@hearth/kernel';
import type { Logger, QueueConnection } from '@hearth/queue';
import { AsyncDispatcher } from './async-dispatcher.js';
import { LAMBDA_BACKOFF } from './attempt-decision.js';
import { Backlog } from './backlog.js';
import { Concurrency } from './concurrency/concurrency.js';
import { SharedTokens } from './concurrency/shared-tokens.js';
import { assertDurablePostgres } from './durable-postgres.js';
import type { DurableExecutions } from './durable-port.js';
import { EventAcceptor } from './event-acceptor.js';
import { EventHints } from './event-hints.js';
import { EVENT_QUEUE } from './event-pointer.js';
import { EventStore } from './event-store.js';
import { Execution } from './execution.js';
import type { InvocationTelemetry } from './invocation-telemetry.js';
import { InvocationService } from './invocation-service.js';
import { janitor } from './janitor.js';
import { ProvisioningReconciler } from './provisioning/provisioning-reconciler.js';
import { Reconciler } from './reconciler.js';

export type InvocationSettings = Pick<
  Settings,
  | 'HEARTH_ASYNC_RETRY_DELAYS_MS'
  | 'HEARTH_ASYNC_MAX_AGE_S'
  | 'HEARTH_ASYNC_CONCURRENCY'
  | 'HEARTH_ASYNC_LEASE_MS'
  | 'HEARTH_RECONCILE_MS'
  | 'HEARTH_ASYNC_KEEP_SUCCEEDED_S'
  | 'HEARTH_ASYNC_KEEP_FAILED_S'
  | 'HEARTH_ALLOW_UNSAFE_POSTGRES'
>;

export interface InvocationParts {
  database: Database;
  resolver: FunctionResolver;
  fleet: Fleet;
  queue: QueueConnection;
  settings: InvocationSettings;
  clock: Clock;
  logger: Logger;
  telemetry?: InvocationTelemetry;
  /** Provisioned concurrency, which the scheduler looks after. */
  provisioned?: { configs: Pick<ProvisionedConfigs, 'list' | 'note'>; provisioner: Provisioner; intervalMs?: number };
  /** Absent: functions that are durable cannot be invoked. */
  durable?: DurableExecutions;
  /** Per account; default 1,000. */
  accountConcurrency?: number;
}

export interface RunningScheduler {
  /** Takes no more events, waits up to `drainMs` (default 10 s) for running ones, hands the rest back. */
  stop(drainMs?: number): Promise<void>;
}

export interface Invocation {
  /** Sync calls, and the acceptance of events. Needs no scheduler in this process. */
  service: InvocationService;
  /** For the start of every process that accepts events. @throws OperatorError */
  assertDurable(): Promise<void>;
  /** Dispatcher, reconciler and janitor. Any number of processes may run one. @throws OperatorError */
  startScheduler(): Promise<RunningScheduler>;
  /** For the end of the process, when nothing runs any more: others may have its share of the concurrency at once. */
  close(): Promise<void>;
}

const DRAIN_MS = 10_000;

/** Puts the parts together: a control plane uses `service`, a scheduler `startScheduler`, a single process both. */
export function createInvocation({ database, resolver, fleet, queue, settings, clock, logger, telemetry, provisioned, durable, accountConcurrency }: InvocationParts): Invocation {
  const backlog = new Backlog(database);
  const pointers = queue.queue(EVENT_QUEUE);
  const concurrency = settings.HEARTH_ASYNC_CONCURRENCY;
  const tokens = new SharedTokens(queue, logger);
  const execution = new Execution(resolver, fleet, new Concurrency(tokens, accountConcurrency), telemetry);
  const acceptor = new EventAcceptor(database, new EventHints(pointers, backlog, concurrency, logger), settings.HEARTH_ASYNC_MAX_AGE_S * 1_000);
  const assertDurable = (): Promise<void> => assertDurablePostgres(database, { allowUnsafe: settings.HEARTH_ALLOW_UNSAFE_POSTGRES, logger });

  async function startScheduler(): Promise<RunningScheduler> {
    await assertDurable();
    const leaseMs = settings.HEARTH_ASYNC_LEASE_MS;
    const retention = { succeededMs: settings.HEARTH_ASYNC_KEEP_SUCCEEDED_S * 1_000, failedMs: settings.HEARTH_ASYNC_KEEP_FAILED_S * 1_000 };
    const store = new EventStore(database, retention, randomUUID(), leaseMs);
    // Half the queue may be hints; the reconciler keeps room of its own, so that a flood of one account cannot fill it all.
    const reconciler = new Reconciler({ backlog, queue: pointers, intervalMs: settings.HEARTH_RECONCILE_MS, leaseMs, maxWaiting: concurrency * 2, logger });
    const dispatcher = new AsyncDispatcher({
      queue,
      store,
      execution,
      durable,
      concurrency,
      leaseMs,
      policy: { retryDelaysMs: settings.HEARTH_ASYNC_RETRY_DELAYS_MS, ...LAMBDA_BACKOFF },
      logger,
      onDropped: (claim, condition) => telemetry?.metrics.eventDropped(claim.accountId, claim.functionName, condition),
      onProgress: (idle) => reconciler.onProgress(idle),
    });
    const sweep = janitor(store, logger);
    dispatcher.start();
    reconciler.start();
    sweep.start();
    const provisioning = provisioned && new ProvisioningReconciler({ database, resolver, logger, ...provisioned });
    provisioning?.start();
    const upkeep = durable?.startUpkeep();
    let stopping: Promise<void> | undefined;
    const stop = async (drainMs: number): Promise<void> => {
      await Promise.all([reconciler.stop(), sweep.stop(), provisioning?.stop(), upkeep?.stop()]);
      await dispatcher.stop(drainMs);
    };
    return { stop: (drainMs = DRAIN_MS) => (stopping ??= stop(drainMs)) };
  }

  return { service: new InvocationService(resolver, execution, acceptor, clock, telemetry, durable), assertDurable, startScheduler, close: () => tokens.close() };
}
