import { join } from 'node:path';
import { CodeLinks, createControlPlane, type ControlPlane } from '@hearth/api-server';
import { UPLOAD_BUCKET, UploadStore, type DiskPackageStore } from '@hearth/artifacts';
import type { Catalogue } from '@hearth/catalogue';
import type { Settings } from '@hearth/config';
import type { Database } from '@hearth/database';
import { ensureAdministrator, type Administrator } from '@hearth/iam';
import type { Invocation } from '@hearth/invocation';
import { systemClock } from '@hearth/kernel';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Injectable, Module, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import { AccessControl } from './access-control.js';
import type { ApiAddress } from './api-address.js';
import { furtherServices, lambdaOperations } from './api-services.js';
import { Ingress, IngressModule } from './ingress.module.js';
import { API_ADDRESS, CATALOGUE, DATABASE, INVOCATION, PACKAGES, SETTINGS, TELEMETRY } from './tokens.js';

/** The API endpoint of this process and the administrator it belongs to. */
@Injectable()
export class ApiEndpoint implements BeforeApplicationShutdown {
  private controlPlane: ControlPlane | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(TELEMETRY) private readonly telemetry: Telemetry,
    @Inject(DATABASE) private readonly database: Database,
    @Inject(AccessControl) private readonly access: AccessControl,
    @Inject(PACKAGES) private readonly packages: DiskPackageStore,
    @Inject(CATALOGUE) private readonly catalogue: Catalogue,
    @Inject(INVOCATION) private readonly invocation: Invocation,
    @Inject(CodeLinks) private readonly codeLinks: CodeLinks,
    @Inject(Ingress) private readonly ingress: Ingress,
    @Inject(API_ADDRESS) private readonly address: ApiAddress,
  ) {}

  /**
   * Listens once everything else is ready.
   * @returns the address, and the administrator (with the secret in the start that made it)
   */
  async open(): Promise<{ endpoint: string; administrator: Administrator }> {
    const { settings, telemetry, database, access } = this;
    const { logger, metrics } = telemetry;
    await this.invocation.assertDurable();
    await this.catalogue.resumePending();
    await access.start();
    const { keyStore, guard, executionRoles } = access;
    const parts = { database, keyStore, executionRoles, catalogue: this.catalogue, functionUrls: this.ingress.functionUrls, clock: systemClock };
    this.controlPlane = await createControlPlane({
      settings,
      keyStore,
      guard,
      services: furtherServices(parts),
      catalogueOperations: lambdaOperations(parts),
      resourcePolicy: (arn) => this.catalogue.resourcePolicy(arn),
      invocation: this.invocation.service,
      codeLinks: this.codeLinks,
      readArchive: (digest) => this.packages.readArchive(digest),
      // Objects of S3 name no account: every account has a bucket of its own under this name.
      uploads: { uploads: new UploadStore(database), bucket: UPLOAD_BUCKET },
      logger,
      telemetry: {
        ended: (record) => {
          metrics.httpRequest(record.operation, record.status);
          access.ended(record);
        },
      },
      healthChecks: { postgres: () => database.ping() },
    });
    // The key is there before the first answer; only with a port of the system's choice is the address written once more.
    const administrator = await this.writeProfile(`http://${settings.HEARTH_HOST}:${settings.HEARTH_PORT}`);
    await this.ingress.open(access.keyStore, access.guard);
    const endpoint = await this.controlPlane.listen();
    this.address.isOpen(endpoint);
    if (settings.HEARTH_PORT === 0) await this.writeProfile(endpoint);
    return { endpoint, administrator };
  }

  private writeProfile(endpoint: string): Promise<Administrator> {
    const { settings, database } = this;
    return ensureAdministrator({
      database,
      keyStore: this.access.keyStore,
      accountId: settings.HEARTH_ACCOUNT_ID,
      profileDir: settings.HEARTH_PROFILE_DIR ?? join(settings.HEARTH_STATE_DIR, 'profile'),
      endpoint: settings.HEARTH_PUBLIC_URL ?? endpoint,
      region: settings.HEARTH_REGION,
    });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.controlPlane?.close();
    await this.access.stop();
  }
}

@Module({})
export class ControlPlaneModule {
  /** @param invocation the one InvocationModule of the process */
  static using(invocation: DynamicModule): DynamicModule {
    return { module: ControlPlaneModule, imports: [invocation, IngressModule.using(invocation)], providers: [AccessControl, ApiEndpoint], exports: [ApiEndpoint] };
  }
}
