import type { Settings } from '@hearth/config';
import type { Telemetry } from '@hearth/telemetry';
import { startEmbeddedPostgres, startEmbeddedRedis } from './embedded/index.js';

/** Starts what is not configured: Postgres without DATABASE_URL, Redis without REDIS_URL. Both end after everything else. */
export async function startEmbeddedServers(settings: Settings, { logger }: Telemetry): Promise<{ settings: Settings; stop(): Promise<void> }> {
  const stateDir = settings.HEARTH_STATE_DIR;
  const postgres = settings.DATABASE_URL ? undefined : await startEmbeddedPostgres({ stateDir, logger });
  const redis = settings.REDIS_URL ? undefined : await startEmbeddedRedis({ stateDir, logger }).catch(async (error: unknown) => {
    await postgres?.stop();
    throw error;
  });
  return {
    settings: Object.freeze({ ...settings, DATABASE_URL: settings.DATABASE_URL ?? postgres?.url, REDIS_URL: settings.REDIS_URL ?? redis?.url }),
    async stop() {
      await Promise.all([postgres?.stop(), redis?.stop()]);
    },
  };
}
