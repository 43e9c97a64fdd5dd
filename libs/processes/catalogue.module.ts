import { CodeLinks } from '@hearth/api-server';
import type { DiskPackageStore } from '@hearth/artifacts';
import { createCatalogue, type Catalogue } from '@hearth/catalogue';
import type { Settings } from '@hearth/config';
import type { Database } from '@hearth/database';
import { deriveKey, type Keyring } from '@hearth/iam';
import { systemClock } from '@hearth/kernel';
import type { RuntimeCatalogue } from '@hearth/sandbox';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { codeObjects } from './code-objects.js';
import { CATALOGUE, DATABASE, MASTER_KEY, PACKAGES, RUNTIMES, SECRETS, SETTINGS, TELEMETRY } from './tokens.js';

/** Functions and versions: the operations of the API and the resolver of the invoke path. */
@Module({
  providers: [
    {
      provide: CodeLinks,
      useFactory: (settings: Settings, masterKey: Buffer) =>
        new CodeLinks({ key: deriveKey(masterKey, 'code links'), baseUrl: () => settings.HEARTH_PUBLIC_URL ?? `http://${settings.HEARTH_HOST}:${settings.HEARTH_PORT}`, clock: systemClock }),
      inject: [SETTINGS, MASTER_KEY],
    },
    {
      provide: CATALOGUE,
      useFactory: (database: Database, packages: DiskPackageStore, secrets: Keyring, runtimes: RuntimeCatalogue, links: CodeLinks, { logger }: Telemetry, settings: Settings) =>
        createCatalogue({
          database,
          packages,
          objects: codeObjects(settings, database),
          secrets,
          knownRuntimes: () => runtimes.names(),
          architectures: [process.arch === 'arm64' ? 'arm64' : 'x86_64'],
          codeLink: (code, context) => links.link(code.accountId, code.codeDigest, context.baseUrl),
          onUnsignedCode: (facts) => logger.warn(facts, 'Unsigned code was deployed: its code signing configuration warns only'),
          onError: (err, doing) => logger.error({ err, doing }, 'A step of the catalogue failed'),
        }),
      inject: [DATABASE, PACKAGES, SECRETS, RUNTIMES, CodeLinks, TELEMETRY, SETTINGS],
    },
  ],
  exports: [CATALOGUE, CodeLinks],
})
export class CatalogueModule implements OnApplicationShutdown {
  constructor(@Inject(CATALOGUE) private readonly catalogue: Catalogue) {}

  async onApplicationShutdown(): Promise<void> {
    await this.catalogue.close();
  }
}
