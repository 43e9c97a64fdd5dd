import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { hostname, totalmem } from 'node:os';
import type { DiskPackageStore } from '@hearth/artifacts';
import type { Settings } from '@hearth/config';
import type { Database } from '@hearth/database';
import { ExecutionRoles, KeyStore, SandboxCredentials, type SecretBox } from '@hearth/iam';
import { ApiBridge, DockerDriver, dockerEngine, egressPolicy, ProcessDriver, SandboxPool, type RuntimeCatalogue, type SandboxDriver } from '@hearth/sandbox';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { ApiAddress } from './api-address.js';
import { FunctionLogs } from './function-logs.js';
import { API_ADDRESS, DATABASE, PACKAGES, RUNTIMES, SANDBOX_POOL, SECRETS, SETTINGS, TELEMETRY } from './tokens.js';

/** Part of the machine's memory that sandboxes may claim when no setting says more. */
const DEFAULT_MEMORY_SHARE = 0.8;
/** How long an invocation waits for a sandbox when the worker is full. */
const QUEUE_MS = 60_000;

/** Sandboxes of this machine: the driver, the pool and where function logs go. */
@Module({
  providers: [
    { provide: FunctionLogs, useFactory: (database: Database, { logger }: Telemetry) => new FunctionLogs(database, logger), inject: [DATABASE, TELEMETRY] },
    { provide: SandboxCredentials, useFactory: sandboxCredentials, inject: [SETTINGS, TELEMETRY, DATABASE, SECRETS] },
    { provide: SANDBOX_POOL, useFactory: openPool, inject: [SETTINGS, TELEMETRY, RUNTIMES, PACKAGES, FunctionLogs, SandboxCredentials, API_ADDRESS] },
  ],
  exports: [SANDBOX_POOL],
})
export class SandboxModule implements OnApplicationShutdown {
  constructor(
    @Inject(SANDBOX_POOL) private readonly pool: SandboxPool,
    @Inject(FunctionLogs) private readonly logs: FunctionLogs,
    @Inject(SandboxCredentials) private readonly credentials: SandboxCredentials,
  ) {}

  async onApplicationShutdown(): Promise<void> {
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
): Promise<SandboxPool> {
  const driver = makeDriver(settings, runtimes, api, (message) => logger.warn(message));
  const report = await driver.check();
  logger.info({ ...report }, 'Sandbox driver is ready');
  const memoryMb = settings.HEARTH_SANDBOX_MEMORY_MB || Math.floor((totalmem() / 1_048_576) * DEFAULT_MEMORY_SHARE);
  const pool = new SandboxPool({
    driver,
    logSink,
    credentials,
    codeDirectory: (digest) => packages.directory(digest),
    layersDirectory: (digests) => packages.layers(digests),
    limits: { maxSandboxes: settings.HEARTH_SANDBOX_MAX, maxStarts: settings.HEARTH_SANDBOX_STARTS, memoryMb, idleMs: settings.HEARTH_SANDBOX_IDLE_MS, queueMs: QUEUE_MS },
    report: (message) => logger.warn(message),
  });
  const removed = await pool.start();
  await credentials.start(() => {
    logger.warn('This worker was silent for too long and the credentials in its sandboxes are revoked; the sandboxes are replaced');
    pool.retire(() => true);
  });
  logger.info({ removed }, 'Sandboxes of former lives are gone');
  metrics.observeSandboxes(() => pool.stats().states);
  metrics.observeProvisioned(() => pool.provisionedUse());
  return pool;
}

function makeDriver(settings: Settings, catalogue: RuntimeCatalogue, api: ApiAddress, report: (message: string) => void): SandboxDriver {
  // Short: the name is part of the path of each sandbox's socket, which may have 107 bytes.
  const options = { catalogue, stateDirectory: settings.HEARTH_STATE_DIR, incarnation: randomUUID().slice(0, 8), report };
  const endpoint = (): string | undefined => api.url;
  if (settings.HEARTH_SANDBOX_DRIVER === 'process') return new ProcessDriver({ ...options, apiEndpoint: endpoint });
  return new DockerDriver({ ...options, docker: dockerEngine(settings.DOCKER_HOST), api: new ApiBridge({ endpoint, report }), isolation: settings.HEARTH_ISOLATION, egress: egressPolicy(settings.HEARTH_EGRESS, settings.HEARTH_EGRESS_ALLOW) });
}

/** Keys are only made and removed through this store: it looks nothing up, and so need not listen for changes. */
function sandboxCredentials(settings: Settings, { logger }: Telemetry, database: Database, secretBox: SecretBox): SandboxCredentials {
  const onError = (err: Error): void => logger.warn({ err }, 'Credentials of sandboxes could not be renewed or revoked yet');
  const roles = new ExecutionRoles({ database, keyStore: new KeyStore({ database, secretBox, onError }) });
  return new SandboxCredentials({ database, roles, owner: workerIdentity(settings.HEARTH_STATE_DIR), onError });
}

/** The same for every life of the worker of this state directory on this machine; several machines may share the directory. */
function workerIdentity(stateDirectory: string): string {
  const machine = readMachineId();
  return createHash('sha256').update(`${hostname()}\n${machine}\n${realpathSync(stateDirectory)}`).digest('hex').slice(0, 32);
}

function readMachineId(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim();
  } catch {
    // Containers often have none; their host name is made for them.
    return '';
  }
}
