import { ScalingStore, ScheduledScaling } from '@hearth/auto-scaling';
import type { Catalogue } from '@hearth/catalogue';
import type { Database } from '@hearth/database';
import type { Invocation, RunningScheduler } from '@hearth/invocation';
import { systemClock, type Recurring } from '@hearth/kernel';
import { logSweep } from '@hearth/logs';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Module, type BeforeApplicationShutdown, type DynamicModule, type OnApplicationBootstrap } from '@nestjs/common';
import { provisionedCapacity } from './provisioned-capacity.js';
import { CATALOGUE, DATABASE, INVOCATION, TELEMETRY } from './tokens.js';

/** Dispatch of accepted events, retries and reconciliation, scheduled actions, and the removal of expired logs. Any number of processes may run it. */
@Module({})
export class SchedulerModule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private running: RunningScheduler | undefined;
  private readonly logSweep: Recurring;
  private readonly scheduledScaling: ScheduledScaling;

  constructor(
    @Inject(INVOCATION) private readonly invocation: Invocation,
    @Inject(DATABASE) database: Database,
    @Inject(CATALOGUE) catalogue: Catalogue,
    @Inject(TELEMETRY) { logger }: Telemetry,
  ) {
    this.logSweep = logSweep({ database, clock: systemClock, onError: (err) => logger.warn({ err }, 'Expired logs could not be removed yet') });
    this.scheduledScaling = new ScheduledScaling({
      store: new ScalingStore(database),
      provisioned: provisionedCapacity(catalogue),
      clock: systemClock,
      onError: (err, doing) => logger.warn({ err, doing }, 'A scheduled action failed'),
    });
  }

  /** @param invocation the one InvocationModule of the process */
  static using(invocation: DynamicModule): DynamicModule {
    return { module: SchedulerModule, imports: [invocation] };
  }

  async onApplicationBootstrap(): Promise<void> {
    this.running = await this.invocation.startScheduler();
    this.logSweep.start();
    this.scheduledScaling.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.running?.stop(), this.logSweep.stop(), this.scheduledScaling.stop()]);
  }
}
