import { join } from 'node:path';
import { CodeLinks, createControlPlane, type ControlPlane } from '@hearth/api-server';
import type { DiskPackageStore } from '@hearth/artifacts';
import type { Catalogue } from '@hearth/catalogue';
import type { Settings } from '@hearth/config';
import type { Database } from '@hearth/database';
import { ensureAdministrator, Guard, KeyStore, KeyUsage, removeExpiredSessions, type Administrator, type SecretBox } from '@hearth/iam';
import { systemClock } from '@hearth/kernel';
import type { Invocation } from '@hearth/invocation';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Injectable, Module, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import { furtherServices, lambdaOperations } from './api-services.js';
import { CATALOGUE, DATABASE, INVOCATION, PACKAGES, SECRETS, SETTINGS, TELEMETRY } from './tokens.js';

const SESSION_SWEEP_MS = 3_600_000;

/** The API endpoint of this process and the administrator it belongs to. */
@Injectable()
export class ApiEndpoint implements BeforeApplicationShutdown {
  private controlPlane: ControlPlane | undefined;
  private keyStore: KeyStore | undefined;
  private guard: Guard | undefined;
  private keyUsage: KeyUsage | undefined;
  private sessionSweeper: NodeJS.Timeout | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(TELEMETRY) private readonly telemetry: Telemetry,
    @Inject(DATABASE) private readonly database: Database,
    @Inject(SECRETS) private readonly secretBox: SecretBox,
    @Inject(PACKAGES) private readonly packages: DiskPackageStore,
    @Inject(CATALOGUE) private readonly catalogue: Catalogue,
    @Inject(INVOCATION) private readonly invocation: Invocation,
    @Inject(CodeLinks) private readonly codeLinks: CodeLinks,
  ) {}

  /**
   * Listens once everything else is ready.
   * @returns the address, and the administrator (with the secret in the start that made it)
   */
  async open(): Promise<{ endpoint: string; administrator: Administrator }> {
    const { settings, telemetry, database } = this;
    const { logger, metrics } = telemetry;
    await this.invocation.assertDurable();
    await this.catalogue.resumePending();
    this.keyStore = new KeyStore({ database, secretBox: this.secretBox, onError: (err) => logger.error({ err }, 'Access keys could not be refreshed') });
    this.guard = new Guard({ database, onError: (err) => logger.error({ err }, 'Policies could not be refreshed') });
    this.keyUsage = new KeyUsage({ database, onError: (err) => logger.warn({ err }, 'The last use of access keys could not be stored yet') });
    await Promise.all([this.keyStore.start(), this.guard.start()]);
    this.keyUsage.start();
    this.sessionSweeper = setInterval(() => {
      removeExpiredSessions(database).catch((err: unknown) => logger.warn({ err }, 'Expired sessions could not be removed yet'));
    }, SESSION_SWEEP_MS).unref();
    const { keyStore, keyUsage } = this;
    const parts = { database, keyStore, catalogue: this.catalogue, clock: systemClock };
    this.controlPlane = await createControlPlane({
      settings,
      keyStore,
      guard: this.guard,
      services: furtherServices(parts),
      catalogueOperations: lambdaOperations(parts),
      invocation: this.invocation.service,
      codeLinks: this.codeLinks,
      readArchive: (digest) => this.packages.readArchive(digest),
      logger,
      telemetry: {
        ended: ({ operation, status, accessKeyId, service }) => {
          metrics.httpRequest(operation, status);
          if (accessKeyId !== undefined && service !== undefined) keyUsage.record(accessKeyId, service, settings.HEARTH_REGION);
        },
      },
      healthChecks: { postgres: () => database.ping() },
    });
    // The key is there before the first answer; only with a port of the system's choice is the address written once more.
    const administrator = await this.writeProfile(`http://${settings.HEARTH_HOST}:${settings.HEARTH_PORT}`);
    const endpoint = await this.controlPlane.listen();
    if (settings.HEARTH_PORT === 0) await this.writeProfile(endpoint);
    return { endpoint, administrator };
  }

  private writeProfile(endpoint: string): Promise<Administrator> {
    const { settings, database } = this;
    return ensureAdministrator({
      database,
      keyStore: this.keyStore as KeyStore,
      accountId: settings.HEARTH_ACCOUNT_ID,
      profileDir: settings.HEARTH_PROFILE_DIR ?? join(settings.HEARTH_STATE_DIR, 'profile'),
      endpoint: settings.HEARTH_PUBLIC_URL ?? endpoint,
      region: settings.HEARTH_REGION,
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.controlPlane?.close();
    clearInterval(this.sessionSweeper);
    await Promise.all([this.keyStore?.stop(), this.guard?.stop(), this.keyUsage?.stop()]);
  }
}

@Module({})
export class ControlPlaneModule {
  /** @param invocation the one InvocationModule of the process */
  static using(invocation: DynamicModule): DynamicModule {
    return { module: ControlPlaneModule, imports: [invocation], providers: [ApiEndpoint], exports: [ApiEndpoint] };
  }
}
