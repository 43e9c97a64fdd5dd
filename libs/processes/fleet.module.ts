import type { Settings } from '@hearth/config';
import { FLEET, LocalFleet, RemoteFleet } from '@hearth/fleet';
import type { QueueConnection } from '@hearth/queue';
import type { EngineImages, SandboxPool } from '@hearth/sandbox';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { SandboxModule } from './sandbox.module.js';
import { ENGINE_IMAGES, QUEUE, SANDBOX_POOL, SETTINGS, TELEMETRY } from './tokens.js';

/** One machine: invocations run on the sandboxes of this process. */
@Module({
  imports: [SandboxModule],
  providers: [{ provide: FLEET, useFactory: (pool: SandboxPool, images: EngineImages | null) => new LocalFleet(pool, images ?? undefined), inject: [SANDBOX_POOL, ENGINE_IMAGES] }],
  exports: [FLEET],
})
export class LocalFleetModule {}

/** Many machines: invocations travel to the workers that registered in Redis. */
@Module({
  providers: [
    {
      provide: FLEET,
      useFactory: openRemoteFleet,
      inject: [SETTINGS, QUEUE, TELEMETRY],
    },
  ],
  exports: [FLEET],
})
export class RemoteFleetModule implements OnApplicationShutdown {
  constructor(@Inject(FLEET) private readonly fleet: RemoteFleet) {}

  onApplicationShutdown(): void {
    this.fleet.stop();
  }
}

async function openRemoteFleet(settings: Settings, queue: QueueConnection, { logger }: Telemetry): Promise<RemoteFleet> {
  const fleet = new RemoteFleet({
    queue,
    secret: settings.HEARTH_FLEET_SECRET,
    workerUrls: settings.HEARTH_WORKER_URLS,
    sandboxIdleMs: settings.HEARTH_SANDBOX_IDLE_MS,
    logger,
  });
  await fleet.start();
  return fleet;
}
