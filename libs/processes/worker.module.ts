import type { Settings } from '@hearth/config';
import { startWorker, type ImageWorker, type RunningWorker } from '@hearth/fleet';
import type { QueueConnection } from '@hearth/queue';
import type { EngineImages, SandboxPool } from '@hearth/sandbox';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Injectable, Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { SandboxModule } from './sandbox.module.js';
import { ENGINE_IMAGES, IMAGE_WORKER, QUEUE, SANDBOX_POOL, SETTINGS, TELEMETRY } from './tokens.js';

/** Serves this machine's sandboxes to the control planes and schedulers of other processes. */
@Injectable()
export class WorkerEndpoint implements BeforeApplicationShutdown {
  private worker: RunningWorker | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(TELEMETRY) private readonly telemetry: Telemetry,
    @Inject(QUEUE) private readonly queue: QueueConnection,
    @Inject(SANDBOX_POOL) private readonly pool: SandboxPool,
    @Inject(ENGINE_IMAGES) private readonly images: EngineImages | null,
    @Inject(IMAGE_WORKER) private readonly runtimeImages: ImageWorker | undefined,
  ) {}

  /** @returns the address other processes use */
  async open(): Promise<string> {
    this.worker = await startWorker({
      settings: this.settings,
      queue: this.queue,
      pool: this.pool,
      images: this.images ?? undefined,
      missingRuntimes: () => this.runtimeImages?.missing() ?? [],
      logger: this.telemetry.logger,
    });
    return this.worker.url;
  }

  /** Leaves the registry, lets running invocations end. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.worker?.stop();
  }
}

@Module({ imports: [SandboxModule], providers: [WorkerEndpoint], exports: [WorkerEndpoint] })
export class WorkerModule {}
