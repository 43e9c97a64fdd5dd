import type { Catalogue } from '@hearth/catalogue';
import type { Settings } from '@hearth/config';
import type { Database } from '@hearth/database';
import { FLEET, type Fleet, type Provisioner } from '@hearth/fleet';
import { createInvocation, InvocationTelemetry, type Invocation } from '@hearth/invocation';
import { systemClock } from '@hearth/kernel';
import type { QueueConnection } from '@hearth/queue';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown, type Type } from '@nestjs/common';
import { CatalogueModule } from './catalogue.module.js';
import { CATALOGUE, DATABASE, INVOCATION, QUEUE, SETTINGS, TELEMETRY } from './tokens.js';

/**
 * Sync calls, acceptance of events and the scheduler, over whichever fleet the process binds. Make it once per process and hand the same object
 * to every module that needs it: Nest tells dynamic modules apart by reference.
 */
@Module({})
export class InvocationModule implements OnApplicationShutdown {
  constructor(@Inject(INVOCATION) private readonly invocation: Invocation) {}

  static over(fleetModule: Type): DynamicModule {
    return {
      module: InvocationModule,
      imports: [CatalogueModule, fleetModule],
      providers: [
        {
          provide: INVOCATION,
          useFactory: (database: Database, catalogue: Catalogue, fleet: Fleet & Provisioner, queue: QueueConnection, settings: Settings, { logger, metrics, tracer }: Telemetry) =>
            createInvocation({
              database,
              resolver: catalogue.resolver,
              fleet,
              queue,
              settings,
              clock: systemClock,
              logger,
              telemetry: new InvocationTelemetry(metrics, tracer),
              provisioned: { configs: catalogue.provisioned, provisioner: fleet },
            }),
          inject: [DATABASE, CATALOGUE, FLEET, QUEUE, SETTINGS, TELEMETRY],
        },
      ],
      exports: [INVOCATION, CatalogueModule],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.invocation.close();
  }
}
