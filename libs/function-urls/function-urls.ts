import { SigV4Verifier, type OperationHandler } from '@hearth/aws-wire';
import type { FunctionChanges, FunctionResolver } from '@hearth/catalogue';
import type { Database } from '@hearth/database';
import type { Clock } from '@hearth/kernel';
import type { Logger } from '@hearth/telemetry';
import { createFunctionUrlConfig } from './api/create-function-url-config.js';
import { deleteFunctionUrlConfig } from './api/delete-function-url-config.js';
import { getFunctionUrlConfig } from './api/get-function-url-config.js';
import { listFunctionUrlConfigs } from './api/list-function-url-configs.js';
import { updateFunctionUrlConfig } from './api/update-function-url-config.js';
import { IngressServer } from './ingress/ingress-server.js';
import { UrlEndpoint, type UrlEndpointParts } from './ingress/url-endpoint.js';
import type { FunctionUrlParts } from './parts.js';
import { FunctionUrlStore } from './store.js';
import type { UrlAddressing } from './url-address.js';
import { UrlDirectory } from './url-directory.js';

export interface FunctionUrlsOptions {
  database: Database;
  /** Both of the catalogue. */
  resolver: FunctionResolver;
  changes: FunctionChanges;
  region: string;
  /** How clients reach the ingress: `http://localhost:4511`; read at each use. */
  baseUrl: () => string;
  clock: Clock;
}

export interface IngressOptions extends Pick<UrlEndpointParts, 'keys' | 'guard' | 'invocation' | 'proxies' | 'ended'> {
  host: string;
  port: number;
  logger: Logger;
}

export interface FunctionUrls {
  /** By operation name of the service model. */
  operations: Record<string, OperationHandler>;
  /** The server, not listening yet. */
  ingress(options: IngressOptions): IngressServer;
}

export function createFunctionUrls({ database, resolver, changes, region, baseUrl, clock }: FunctionUrlsOptions): FunctionUrls {
  const addressing: UrlAddressing = {
    region,
    get baseUrl() {
      return baseUrl();
    },
  };
  const store = new FunctionUrlStore(database, (functionId) => directory.onChange(functionId));
  const directory = new UrlDirectory(store, changes);
  changes.subscribe(directory);
  return {
    operations: operationsOf({ store, resolver, addressing, clock }),
    ingress: ({ host, port, logger, ...rest }) =>
      new IngressServer(new UrlEndpoint({ ...rest, directory, addressing, verifier: new SigV4Verifier({ region, clock }), clock, logger }), { host, port }, logger),
  };
}

function operationsOf(parts: FunctionUrlParts): Record<string, OperationHandler> {
  return {
    CreateFunctionUrlConfig: createFunctionUrlConfig(parts),
    GetFunctionUrlConfig: getFunctionUrlConfig(parts),
    UpdateFunctionUrlConfig: updateFunctionUrlConfig(parts),
    DeleteFunctionUrlConfig: deleteFunctionUrlConfig(parts),
    ListFunctionUrlConfigs: listFunctionUrlConfigs(parts),
  };
}
