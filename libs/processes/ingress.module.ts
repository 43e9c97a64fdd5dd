import type { Catalogue } from '@hearth/catalogue';
import type { Settings } from '@hearth/config';
import type { Database } from '@hearth/database';
import { createFunctionUrls, type FunctionUrls, type IngressServer } from '@hearth/function-urls';
import type { Guard, KeyStore } from '@hearth/iam';
import type { Invocation } from '@hearth/invocation';
import { systemClock } from '@hearth/kernel';
import type { Telemetry } from '@hearth/telemetry';
import { Inject, Injectable, Module, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import { CATALOGUE, DATABASE, INVOCATION, SETTINGS, TELEMETRY } from './tokens.js';
import { urlGuard } from './url-guard.js';

/** The port on which function URLs are served. */
@Injectable()
export class Ingress implements BeforeApplicationShutdown {
  private server: IngressServer | undefined;
  private openPort: number;
  readonly functionUrls: FunctionUrls;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(TELEMETRY) private readonly telemetry: Telemetry,
    @Inject(DATABASE) database: Database,
    @Inject(CATALOGUE) private readonly catalogue: Catalogue,
    @Inject(INVOCATION) private readonly invocation: Invocation,
  ) {
    this.openPort = settings.HEARTH_INGRESS_PORT;
    this.functionUrls = createFunctionUrls({
      database,
      resolver: catalogue.resolver,
      changes: catalogue.changes,
      region: settings.HEARTH_REGION,
      baseUrl: () => settings.HEARTH_INGRESS_URL ?? `http://localhost:${this.openPort}`,
      clock: systemClock,
    });
  }

  /** The port listened on, once it is open. */
  get port(): number {
    return this.openPort;
  }

  async open(keys: KeyStore, guard: Guard): Promise<void> {
    const { settings, telemetry, invocation, catalogue } = this;
    const { logger, metrics } = telemetry;
    this.server = this.functionUrls.ingress({
      host: settings.HEARTH_HOST,
      port: settings.HEARTH_INGRESS_PORT,
      keys,
      guard: urlGuard(guard, (arn) => catalogue.functionPolicy(arn)),
      invocation: invocation.service,
      proxies: settings.HEARTH_INGRESS_PROXIES,
      logger,
      ended: ({ operation, status }) => metrics.httpRequest(operation, status),
    });
    this.openPort = await this.server.listen();
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.server?.close();
  }
}

@Module({})
export class IngressModule {
  /** @param invocation the one InvocationModule of the process */
  static using(invocation: DynamicModule): DynamicModule {
    return { module: IngressModule, imports: [invocation], providers: [Ingress], exports: [Ingress] };
  }
}
