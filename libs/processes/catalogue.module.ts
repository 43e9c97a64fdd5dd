import { CodeLinks } from '@hearth/api-server';
import type { DiskPackageStore } from '@hearth/artifacts';
import { createCatalogue, PreparationFailure, type Catalogue, type CatalogueOptions } from '@hearth/catalogue';
import type { Settings } from '@hearth/config';
import type { Database } from '@hearth/database';
import { ensureImage, FLEET, ImageRegistry, ImageUnavailable } from '@hearth/fleet';
import { deriveKey, type Keyring } from '@hearth/iam';
import { systemClock } from '@hearth/kernel';
import type { ImageHost, RuntimeCatalogue } from '@hearth/sandbox';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown, type Provider, type Type } from '@nestjs/common';
import { codeObjects } from './code-objects.js';
import { functionImages } from './function-images.js';
import { CATALOGUE, DATABASE, MASTER_KEY, PACKAGES, RUNTIMES, SECRETS, SETTINGS, TELEMETRY } from './tokens.js';

const PROVIDERS: Provider[] = [
  {
    provide: CodeLinks,
    useFactory: (settings: Settings, masterKey: Buffer) =>
      new CodeLinks({ key: deriveKey(masterKey, 'code links'), baseUrl: () => settings.HEARTH_PUBLIC_URL ?? `http://${settings.HEARTH_HOST}:${settings.HEARTH_PORT}`, clock: systemClock }),
    inject: [SETTINGS, MASTER_KEY],
  },
  {
    provide: CATALOGUE,
    useFactory: (database: Database, packages: DiskPackageStore, secrets: Keyring, runtimes: RuntimeCatalogue, links: CodeLinks, { logger }: Telemetry, settings: Settings, hosts: ImageHost) =>
      createCatalogue({
        database,
        packages,
        objects: codeObjects(settings, database),
        images: functionImages(hosts, settings),
        runtimeReady: runtimeReady(new ImageRegistry(database)),
        secrets,
        knownRuntimes: () => runtimes.names(),
        accountConcurrency: settings.HEARTH_ACCOUNT_CONCURRENCY,
        architectures: [process.arch === 'arm64' ? 'arm64' : 'x86_64'],
        codeLink: (code, context) => links.link(code.accountId, code.codeDigest, context.baseUrl),
        onUnsignedCode: (facts) => logger.warn(facts, 'Unsigned code was deployed: its code signing configuration warns only'),
        onError: (err, doing) => logger.error({ err, doing }, 'A step of the catalogue failed'),
      }),
    inject: [DATABASE, PACKAGES, SECRETS, RUNTIMES, CodeLinks, TELEMETRY, SETTINGS, FLEET],
  },
];

/** Functions and versions: the operations of the API and the resolver of the invoke path. */
@Module({})
export class CatalogueModule implements OnApplicationShutdown {
  constructor(@Inject(CATALOGUE) private readonly catalogue: Catalogue) {}

  /** @param fleetModule whose hosts get container images */
  static over(fleetModule: Type): DynamicModule {
    return { module: CatalogueModule, imports: [fleetModule], providers: PROVIDERS, exports: [CATALOGUE, CodeLinks] };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.catalogue.close();
  }
}

/** A worker has the image of the runtime: nothing is built or pulled in an invocation. */
function runtimeReady(images: ImageRegistry): CatalogueOptions['runtimeReady'] {
  return async (runtime, signal) => {
    try {
      await ensureImage(images, runtime, signal);
    } catch (error) {
      if (error instanceof ImageUnavailable) throw new PreparationFailure('InvalidRuntime', `The runtime ${runtime} is not available: ${error.message}`);
      throw error;
    }
  };
}
