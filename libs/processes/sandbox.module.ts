import { randomUUID } from 'node:crypto';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import type { DiskPackageStore } from '@hearth/artifacts';
import type { Settings } from '@hearth/config';
import { DockerDriver, dockerEngine, ProcessDriver, SandboxPool, type RuntimeCatalogue, type SandboxDriver } from '@hearth/sandbox';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { FunctionLogFiles } from './function-log-files.js';
import { PACKAGES, RUNTIMES, SANDBOX_POOL, SETTINGS, TELEMETRY } from './tokens.js';

/** Part of the machine's memory that sandboxes may claim when no setting says more. */
const DEFAULT_MEMORY_SHARE = 0.8;
/** How long an invocation waits for a sandbox when the worker is full. */
const QUEUE_MS = 60_000;

/** Sandboxes of this machine: the driver, the pool and where function logs go. */
@Module({
  providers: [
    {
      provide: FunctionLogFiles,
      useFactory: (settings: Settings, { logger }: Telemetry) =>
        new FunctionLogFiles({ root: join(settings.HEARTH_STATE_DIR, 'logs'), onError: (err) => logger.error({ err }, 'Function logs could not be written') }),
      inject: [SETTINGS, TELEMETRY],
    },
    { provide: SANDBOX_POOL, useFactory: openPool, inject: [SETTINGS, TELEMETRY, RUNTIMES, PACKAGES, FunctionLogFiles] },
  ],
  exports: [SANDBOX_POOL],
})
export class SandboxModule implements OnApplicationShutdown {
  constructor(
    @Inject(SANDBOX_POOL) private readonly pool: SandboxPool,
    @Inject(FunctionLogFiles) private readonly logs: FunctionLogFiles,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.pool.stop();
    await this.logs.flush();
  }
}

/** Checks the engine, removes what former lives of this worker left behind, and only then serves. */
async function openPool(settings: Settings, { logger, metrics }: Telemetry, runtimes: RuntimeCatalogue, packages: DiskPackageStore, logSink: FunctionLogFiles): Promise<SandboxPool> {
  const driver = makeDriver(settings, runtimes, (message) => logger.warn(message));
  const report = await driver.check();
  logger.info({ ...report }, 'Sandbox driver is ready');
  const memoryMb = settings.HEARTH_SANDBOX_MEMORY_MB || Math.floor((totalmem() / 1_048_576) * DEFAULT_MEMORY_SHARE);
  const pool = new SandboxPool({
    driver,
    logSink,
    codeDirectory: (digest) => packages.directory(digest),
    layersDirectory: (digests) => packages.layers(digests),
    limits: { maxSandboxes: settings.HEARTH_SANDBOX_MAX, maxStarts: settings.HEARTH_SANDBOX_STARTS, memoryMb, idleMs: settings.HEARTH_SANDBOX_IDLE_MS, queueMs: QUEUE_MS },
    report: (message) => logger.warn(message),
  });
  const removed = await pool.start();
  logger.info({ removed }, 'Sandboxes of former lives are gone');
  metrics.observeSandboxes(() => pool.stats().states);
  metrics.observeProvisioned(() => pool.provisionedUse());
  return pool;
}

function makeDriver(settings: Settings, catalogue: RuntimeCatalogue, report: (message: string) => void): SandboxDriver {
  // Short: the name is part of the path of each sandbox's socket, which may have 107 bytes.
  const options = { catalogue, stateDirectory: settings.HEARTH_STATE_DIR, incarnation: randomUUID().slice(0, 8), report };
  return settings.HEARTH_SANDBOX_DRIVER === 'process' ? new ProcessDriver(options) : new DockerDriver({ ...options, docker: dockerEngine(settings.DOCKER_HOST) });
}
