import type { Catalogue } from '@hearth/catalogue';
import type { Settings } from '@hearth/config';
import type { Database } from '@hearth/database';
import { createDurable, type Durable } from '@hearth/durable';
import { FLEET, type Fleet, type Provisioner } from '@hearth/fleet';
import { createInvocation, EventWaker, InvocationTelemetry, type Invocation } from '@hearth/invocation';
import { systemClock } from '@hearth/kernel';
import type { QueueConnection } from '@hearth/queue';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown, type Type } from '@nestjs/common';
import { CatalogueModule } from './catalogue.module.js';
import { CATALOGUE, DATABASE, DURABLE, INVOCATION, QUEUE, SETTINGS, TELEMETRY } from './tokens.js';

/**
 * Sync calls, acceptance of events and the scheduler, over whichever fleet the process binds. Make it once per process and hand the same object
 * to every module that needs it: Nest tells dynamic modules apart by reference.
 */
@Module({})
export class InvocationModule implements OnApplicationShutdown {
  constructor(
    @Inject(INVOCATION) private readonly invocation: Invocation,
    @Inject(DURABLE) private readonly durable: Durable,
  ) {}

  static over(fleetModule: Type): DynamicModule {
    const catalogue = CatalogueModule.over(fleetModule);
    return {
      module: InvocationModule,
      imports: [catalogue, fleetModule],
      providers: [
        {
          provide: DURABLE,
          useFactory: (database: Database, { resolver }: Catalogue, queue: QueueConnection, settings: Settings, { logger }: Telemetry) =>
            createDurable({ database, resolver, waker: new EventWaker(database, queue, settings.HEARTH_ASYNC_CONCURRENCY, logger), logger }),
          inject: [DATABASE, CATALOGUE, QUEUE, SETTINGS, TELEMETRY],
        },
        {
          provide: INVOCATION,
          useFactory: (database: Database, catalogue: Catalogue, fleet: Fleet & Provisioner, queue: QueueConnection, settings: Settings, { logger, metrics, tracer }: Telemetry, durable: Durable) =>
            createInvocation({
              database,
              resolver: catalogue.resolver,
              fleet,
              queue,
              settings,
              accountConcurrency: settings.HEARTH_ACCOUNT_CONCURRENCY,
              clock: systemClock,
              logger,
              telemetry: new InvocationTelemetry(metrics, tracer),
              provisioned: { configs: catalogue.provisioned, provisioner: fleet },
              durable: durable.executions,
            }),
          inject: [DATABASE, CATALOGUE, FLEET, QUEUE, SETTINGS, TELEMETRY, DURABLE],
        },
      ],
      exports: [INVOCATION, DURABLE, catalogue],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.invocation.close();
    await this.durable.close();
  }
}
