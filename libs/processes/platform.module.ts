import { join } from 'node:path';
import { DiskPackageStore } from '@hearth/artifacts';
import type { Settings } from '@hearth/config';
import { assertReachable, Database, migrate } from '@hearth/database';
import { Keyring, loadMasterKeys, type MasterKeys } from '@hearth/iam';
import { OperatorError } from '@hearth/kernel';
import { QueueConnection } from '@hearth/queue';
import { RuntimeCatalogue } from '@hearth/sandbox';
import type { Telemetry } from '@hearth/telemetry';
import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { ApiAddress } from './api-address.js';
import { API_ADDRESS, DATABASE, MASTER_KEY, PACKAGES, QUEUE, RUNTIMES, SECRETS, SETTINGS, TELEMETRY } from './tokens.js';

/** What every process has: settings, telemetry, Postgres (migrated), Redis, the keys of secrets at rest, packages and the runtime catalogue. */
@Global()
@Module({})
export class PlatformModule implements OnApplicationShutdown {
  constructor(
    @Inject(DATABASE) private readonly database: Database,
    @Inject(QUEUE) private readonly queue: QueueConnection,
    @Inject(SECRETS) private readonly keyring: Keyring,
  ) {}

  static forRoot(settings: Settings, telemetry: Telemetry): DynamicModule {
    return {
      module: PlatformModule,
      providers: [
        { provide: SETTINGS, useValue: settings },
        { provide: TELEMETRY, useValue: telemetry },
        { provide: DATABASE, useFactory: () => openDatabase(settings, telemetry) },
        { provide: QUEUE, useFactory: () => openQueue(settings, telemetry) },
        { provide: MASTER_KEY, useFactory: async () => (await masterKeys(settings)).current },
        { provide: SECRETS, useFactory: (database: Database) => openKeyring(database, settings, telemetry), inject: [DATABASE] },
        { provide: PACKAGES, useFactory: () => new DiskPackageStore({ root: join(settings.HEARTH_STATE_DIR, 'packages') }) },
        { provide: API_ADDRESS, useFactory: () => new ApiAddress(settings) },
        { provide: RUNTIMES, useFactory: () => RuntimeCatalogue.load(settings.HEARTH_RUNTIMES_FILE) },
      ],
      exports: [API_ADDRESS, SETTINGS, TELEMETRY, DATABASE, QUEUE, MASTER_KEY, SECRETS, PACKAGES, RUNTIMES],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.keyring.stop();
    await this.queue.close();
    await this.database.close();
  }
}

async function openDatabase(settings: Settings, { logger }: Telemetry): Promise<Database> {
  const url = settings.DATABASE_URL;
  if (!url) throw new OperatorError('No Postgres is configured.', 'Set DATABASE_URL (only the all-in-one process brings its own).');
  await assertReachable(url);
  const applied = await migrate(url);
  if (applied.length > 0) logger.info({ migrations: applied }, 'Database migrations applied');
  return new Database({ url });
}

function masterKeys({ HEARTH_MASTER_KEY, HEARTH_PREVIOUS_MASTER_KEY, HEARTH_STATE_DIR }: Settings): Promise<MasterKeys> {
  return loadMasterKeys({ configured: HEARTH_MASTER_KEY, previous: HEARTH_PREVIOUS_MASTER_KEY, stateDir: HEARTH_STATE_DIR });
}

async function openKeyring(database: Database, settings: Settings, { logger }: Telemetry): Promise<Keyring> {
  const keyring = await Keyring.open({ database, masterKeys: () => masterKeys(settings), onError: (err) => logger.warn({ err }, 'Encryption keys could not be looked up yet') });
  keyring.start();
  return keyring;
}

async function openQueue(settings: Settings, { logger }: Telemetry): Promise<QueueConnection> {
  const url = settings.REDIS_URL;
  if (!url) throw new OperatorError('No Redis is configured.', 'Set REDIS_URL (only the all-in-one process brings its own).');
  const queue = new QueueConnection({ url, prefix: settings.HEARTH_REDIS_PREFIX, logger });
  await queue.check();
  return queue;
}
