import type { Settings } from '@hearth/config';
import type { Logger, QueueConnection } from '@hearth/queue';
import type { ImageHost } from '@hearth/sandbox';
import type { InvocationRunner } from './local-fleet.js';
import { WorkerRegistration } from './worker-registration.js';
import { WorkerServer } from './worker-server.js';

export interface WorkerParts {
  pool: InvocationRunner;
  images?: ImageHost;
  queue: QueueConnection;
  settings: Pick<Settings, 'HEARTH_FLEET_SECRET' | 'HEARTH_WORKER_HOST' | 'HEARTH_WORKER_PORT' | 'HEARTH_WORKER_ADVERTISE' | 'HEARTH_SANDBOX_MAX'>;
  /** Runtimes whose images are not here (yet): invocations of them go to other workers where there are any. */
  missingRuntimes?: () => string[];
  logger: Logger;
}

export interface RunningWorker {
  url: string;
  /** Takes nothing new, waits up to `drainMs` for what runs, then closes. */
  stop(drainMs?: number): Promise<void>;
}

const DRAIN_MS = 30_000;

/** Opens a worker's door and registers it. @throws OperatorError */
export async function startWorker({ pool, images, queue, settings, missingRuntimes, logger }: WorkerParts): Promise<RunningWorker> {
  const host = settings.HEARTH_WORKER_HOST;
  const server = new WorkerServer({ pool, images, secret: settings.HEARTH_FLEET_SECRET, host, port: settings.HEARTH_WORKER_PORT, logger });
  const port = await server.listen();
  const url = settings.HEARTH_WORKER_ADVERTISE?.replace(/\/$/, '') ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const registration = new WorkerRegistration({
    queue,
    url,
    capacity: settings.HEARTH_SANDBOX_MAX,
    running: () => server.running,
    warmKeys: () => server.recentKeys,
    provisioned: () => Object.fromEntries(pool.provisionReport().held.map(({ key, ready }) => [key, ready])),
    missingRuntimes,
    logger,
  });
  await registration.start();
  logger.info({ url }, 'worker is ready');
  const stop = async (drainMs: number): Promise<void> => {
    await registration.stop();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([server.drain(), new Promise<void>((resolve) => (timer = setTimeout(resolve, drainMs)))]);
    clearTimeout(timer);
    await server.close();
  };
  let stopping: Promise<void> | undefined;
  return { url, stop: (drainMs = DRAIN_MS) => (stopping ??= stop(drainMs)) };
}
