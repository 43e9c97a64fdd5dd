import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Settings } from '@hearth/config';
import type { Database } from '@hearth/database';
import { ImageRegistry, ImageWorker } from '@hearth/fleet';
import { dockerEngine, RuntimeImages, scriptBuilder, type RuntimeCatalogue } from '@hearth/sandbox';
import type { Telemetry } from '@hearth/telemetry';
import { workerIdentity } from './worker-identity.js';

/** Of Hearth's own variables, what the build script reads; all others are settings of the platform, among them secrets. */
const FOR_THE_BUILD = /^HEARTH_(CACHE_DIR|PUBLIC_BASES|BASE_.*|DEBIAN_.*|IMAGE_LABEL|BUILD_CA_CERTS)$/;
const SECRET = /^(HEARTH_|DATABASE_URL$|REDIS_URL$)/;

/** Sees to the images of this machine's engine; the process driver has none. */
export async function openImageWorker(settings: Settings, { logger }: Telemetry, catalogue: RuntimeCatalogue, database: Database): Promise<ImageWorker | undefined> {
  if (settings.HEARTH_SANDBOX_DRIVER !== 'docker') return undefined;
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => FOR_THE_BUILD.test(name) || !SECRET.test(name)));
  const fromSettings = {
    ...(settings.HEARTH_RUNTIMES_FILE && { HEARTH_RUNTIMES_FILE: resolve(settings.HEARTH_RUNTIMES_FILE) }),
    ...(settings.DOCKER_HOST && { DOCKER_HOST: settings.DOCKER_HOST }),
  };
  const images = new RuntimeImages({ docker: dockerEngine(settings.DOCKER_HOST), catalogue, build: scriptBuilder(catalogue.assets, { ...environment, ...fromSettings }) });
  const worker = new ImageWorker({
    registry: new ImageRegistry(database),
    images,
    runtimes: catalogue.all(),
    workerId: `${hostname()}-${workerIdentity(settings.HEARTH_STATE_DIR).slice(0, 8)}`,
    logger,
  });
  await worker.start();
  return worker;
}
