import type { IncomingMessage, ServerResponse } from 'node:http';
import { ExtensionFault } from '../extensions/extension-fault.js';
import type { Extension } from '../extensions/extension-registry.js';
import { exchange, header, jsonObject, type JsonAnswer } from '../extensions/json-exchange.js';
import type { TelemetryHub } from './telemetry-hub.js';
import type { SandboxConnect } from './telemetry-receiver.js';
import { parseSubscription, type Subscription, type TelemetryApi } from './telemetry-subscription.js';

const PATHS: Readonly<Record<string, TelemetryApi>> = { '/2022-07-01/telemetry': 'Telemetry', '/2020-08-15/logs': 'Logs' };

export interface TelemetryRoutesOptions {
  hub: TelemetryHub;
  /** @throws ExtensionFault */
  identified(id: string | undefined): Extension;
  /** Undefined where nothing can be delivered into the sandbox. */
  connect(): SandboxConnect | undefined;
  /** Told of every new subscription, before it gets its first event. */
  subscribed(extension: Extension, api: TelemetryApi, subscription: Subscription): void;
}

/** The Telemetry API and its deprecated predecessor, the Logs API (runtime-api.md section 3). */
export class TelemetryRoutes {
  constructor(private readonly options: TelemetryRoutesOptions) {}

  /** @returns false when the path is none of these APIs' */
  handle(request: IncomingMessage, response: ServerResponse): boolean {
    const api = request.method === 'PUT' ? PATHS[request.url ?? ''] : undefined;
    if (api === undefined) return false;
    exchange(request, response, (body) => this.subscribe(request, api, body));
    return true;
  }

  private subscribe(request: IncomingMessage, api: TelemetryApi, body: Buffer): JsonAnswer {
    const { hub, identified, connect, subscribed } = this.options;
    const extension = identified(header(request, 'lambda-extension-identifier'));
    if (!hub.subscribable)
      throw new ExtensionFault(`${api}.SubscriptionClosed`, `${api} API subscription is closed: the init phase has ended`);
    const way = connect();
    if (way === undefined)
      throw new ExtensionFault(
        `${api}.NotSupported`,
        `The ${api} API is not supported here: nothing can be delivered into this sandbox`,
        202,
      );
    const subscription = parseSubscription(jsonObject(body), api);
    subscribed(extension, api, subscription);
    hub.subscribe(extension.id, subscription, way);
    return { status: 200, body: 'OK' };
  }
}
