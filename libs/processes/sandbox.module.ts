import { randomUUID } from 'node:crypto';
import { totalmem } from 'node:os';
import type { DiskPackageStore } from '@hearth/artifacts';
import type { Settings } from '@hearth/config';
import type { Database } from '@hearth/database';
import type { ImageWorker } from '@hearth/fleet';
import { ExecutionRoles, Guard, KeyStore, SandboxCredentials, type SecretBox } from '@hearth/iam';
import { ApiBridge, DockerDriver, dockerEngine, egressPolicy, EngineImages, HostMemory, imageLauncher, ProcessDriver, SandboxPool, type EmberKind, type RuntimeCatalogue, type SandboxDriver } from '@hearth/sandbox';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { ApiAddress } from './api-address.js';
import { FunctionLogs } from './function-logs.js';
import { openImageWorker } from './image-worker.js';
import { API_ADDRESS, DATABASE, ENGINE_IMAGES, IMAGE_WORKER, PACKAGES, RUNTIMES, SANDBOX_POOL, SECRETS, SETTINGS, TELEMETRY } from './tokens.js';
import { workerIdentity } from './worker-identity.js';

/** Part of the machine's memory that sandboxes may claim when no setting says more. */
const DEFAULT_MEMORY_SHARE = 0.8;
/** How long an invocation waits for a sandbox that is on its way, or for its turn to be started. */
const QUEUE_MS = 60_000;

/** Sandboxes of this machine: the driver, the pool and where function logs go. */
@Module({
  providers: [
    { provide: FunctionLogs, useFactory: functionLogs, inject: [SETTINGS, TELEMETRY, DATABASE] },
    { provide: SandboxCredentials, useFactory: sandboxCredentials, inject: [SETTINGS, TELEMETRY, DATABASE, SECRETS] },
    { provide: ENGINE_IMAGES, useFactory: engineImages, inject: [SETTINGS, TELEMETRY, RUNTIMES] },
    { provide: SANDBOX_POOL, useFactory: openPool, inject: [SETTINGS, TELEMETRY, RUNTIMES, PACKAGES, FunctionLogs, SandboxCredentials, API_ADDRESS, ENGINE_IMAGES] },
    // After the pool, which checks the engine and words what is wrong with it.
    { provide: IMAGE_WORKER, useFactory: openImageWorker, inject: [SETTINGS, TELEMETRY, RUNTIMES, DATABASE, SANDBOX_POOL] },
  ],
  exports: [SANDBOX_POOL, ENGINE_IMAGES, IMAGE_WORKER],
})
export class SandboxModule implements OnApplicationShutdown {
  constructor(
    @Inject(SANDBOX_POOL) private readonly pool: SandboxPool,
    @Inject(FunctionLogs) private readonly logs: FunctionLogs,
    @Inject(SandboxCredentials) private readonly credentials: SandboxCredentials,
    @Inject(IMAGE_WORKER) private readonly images: ImageWorker | undefined,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.images?.stop();
    await this.pool.stop();
    await this.credentials.stop();
    await this.logs.close();
  }
}

/** Checks the engine, removes what former lives of this worker left behind, and only then serves. */
async function openPool(
  settings: Settings,
  { logger, metrics }: Telemetry,
  runtimes: RuntimeCatalogue,
  packages: DiskPackageStore,
  logSink: FunctionLogs,
  credentials: SandboxCredentials,
  api: ApiAddress,
  images: EngineImages | null,
): Promise<SandboxPool> {
  const driver = makeDriver(settings, runtimes, api, images, (message) => logger.warn(message));
  const report = await driver.check();
  logger.info({ ...report }, 'Sandbox driver is ready');
  const memoryMb = settings.HEARTH_SANDBOX_MEMORY_MB || Math.floor((totalmem() / 1_048_576) * DEFAULT_MEMORY_SHARE);
  const memory = new HostMemory();
  const pool = new SandboxPool({
    driver,
    logSink,
    credentials,
    codeDirectory: (digest) => packages.directory(digest),
    layersDirectory: (digests) => packages.layers(digests),
    limits: { maxSandboxes: settings.HEARTH_SANDBOX_MAX, maxStarts: settings.HEARTH_SANDBOX_STARTS, memoryMb, idleMs: settings.HEARTH_SANDBOX_IDLE_MS, keep: { minMs: Math.min(settings.HEARTH_SANDBOX_IDLE_MIN_MS, settings.HEARTH_SANDBOX_IDLE_MS), maxMs: settings.HEARTH_SANDBOX_IDLE_MAX_MS }, freezeAfterMs: settings.HEARTH_SANDBOX_FREEZE_MS || undefined, queueMs: QUEUE_MS, roomMs: settings.HEARTH_SANDBOX_WAIT_MS },
    embers: { max: settings.HEARTH_EMBERS_MAX, standing: standingEmbers(settings, driver) },
    availableMemoryMb: () => memory.available(),
    report: (message) => logger.warn(message),
  });
  const removed = await pool.start();
  await credentials.start(() => {
    logger.warn('This worker was silent for too long and the credentials in its sandboxes are revoked; the sandboxes are replaced');
    pool.retire(() => true);
  });
  logger.info({ removed }, 'Sandboxes of former lives are gone');
  metrics.observeSandboxes(() => {
    const { states, embers } = pool.stats();
    return { ...states, ember: embers.ready, kindling: embers.kindling };
  });
  metrics.observeProvisioned(() => pool.provisionedUse());
  return pool;
}

function makeDriver(settings: Settings, catalogue: RuntimeCatalogue, api: ApiAddress, images: EngineImages | null, report: (message: string) => void): SandboxDriver {
  // Short: the name is part of the path of each sandbox's socket, which may have 107 bytes.
  const options = { catalogue, stateDirectory: settings.HEARTH_STATE_DIR, incarnation: randomUUID().slice(0, 8), report };
  const endpoint = (): string | undefined => api.url;
  if (settings.HEARTH_SANDBOX_DRIVER === 'process') return new ProcessDriver({ ...options, apiEndpoint: endpoint });
  return new DockerDriver({ ...options, docker: dockerEngine(settings.DOCKER_HOST), images: images ?? undefined, api: new ApiBridge({ endpoint, report }), isolation: settings.HEARTH_ISOLATION, egress: egressPolicy(settings.HEARTH_EGRESS, settings.HEARTH_EGRESS_ALLOW) });
}

/** Images need an engine, which the process driver has not. */
function engineImages(settings: Settings, { logger }: Telemetry, { assets }: RuntimeCatalogue): EngineImages | null {
  if (settings.HEARTH_SANDBOX_DRIVER === 'process') return null;
  return new EngineImages({
    docker: dockerEngine(settings.DOCKER_HOST),
    launcherPath: imageLauncher(assets),
    mappings: settings.HEARTH_IMAGE_REGISTRIES,
    authFile: settings.HEARTH_REGISTRY_AUTH_FILE,
    report: (message) => logger.warn(message),
  });
}

/** The guard only looks up roles here. It need not listen for changes: what it remembers is a second old at most. */
function functionLogs({ HEARTH_REGION: region }: Settings, telemetry: Telemetry, database: Database): FunctionLogs {
  const guard = new Guard({ database, onError: (err) => telemetry.logger.warn({ err }, 'Policies of execution roles could not be refreshed') });
  return new FunctionLogs({ database, telemetry, guard, region });
}

/** The kinds of HEARTH_EMBERS_STANDING, as the driver has them. */
function standingEmbers({ HEARTH_EMBERS_STANDING: standing }: Settings, { embers }: SandboxDriver): EmberKind[] {
  return standing.map(({ runtime, memoryMb }) => embers?.kindOfRuntime(runtime, memoryMb)).filter((kind) => kind !== undefined);
}

/** Keys are only made and removed through this store: it looks nothing up, and so need not listen for changes. */
function sandboxCredentials(settings: Settings, { logger }: Telemetry, database: Database, secretBox: SecretBox): SandboxCredentials {
  const onError = (err: Error): void => logger.warn({ err }, 'Credentials of sandboxes could not be renewed or revoked yet');
  const roles = new ExecutionRoles({ database, keyStore: new KeyStore({ database, secretBox, onError }) });
  return new SandboxCredentials({ database, roles, owner: workerIdentity(settings.HEARTH_STATE_DIR), onError });
}
