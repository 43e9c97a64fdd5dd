import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ErrorRenderer, lambdaService, SigV4Verifier, type OperationHandler } from '@hearth/aws-wire';
import type { Settings } from '@hearth/config';
import { OperatorError, ServiceError, systemClock, type Clock } from '@hearth/kernel';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { fastify, type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { KeyLookup } from './authentication.js';
import { AwsEndpoint } from './aws-endpoint.js';
import { artifactRoute, type ArtifactRouteOptions } from './artifact-route.js';
import { awsRoutes } from './aws-routes.js';
import type { CodeLinks } from './code-links.js';
import { codeRoute } from './code-route.js';
import { ControlPlaneModule } from './control-plane.module.js';
import type { Guard, ResourcePolicyLookup } from './guard.js';
import type { Health } from './health.controller.js';
import { InvokeFront } from './invoke-front/invoke-front.js';
import { invokeListener } from './invoke-listener.js';
import type { InvocationPort } from './invocation-port.js';
import { LAMBDA_REFUSALS } from './lambda-refusals.js';
import { lambdaPermissions } from './permissions/lambda.js';
import type { RequestTelemetry } from './request-telemetry.js';
import { apiReference } from './reference/api-reference.js';
import { ENDPOINT_OPERATIONS, servedServices, type ServedService } from './served-service.js';

export interface ControlPlaneOptions {
  settings: Pick<Settings, 'HEARTH_REGION' | 'HEARTH_HOST' | 'HEARTH_PORT' | 'HEARTH_PUBLIC_URL'>;
  keyStore: KeyLookup;
  /** By operation name of the service model; what is missing answers 501. */
  catalogueOperations: Readonly<Record<string, OperationHandler>>;
  /** Further services, for instance IAM. */
  services?: readonly ServedService[];
  guard: Guard;
  resourcePolicy: ResourcePolicyLookup;
  invocation: InvocationPort;
  codeLinks: CodeLinks;
  /** `PackageStore.readArchive` */
  readArchive: (digest: string) => Promise<Buffer>;
  /** Upload of code to Hearth itself. */
  uploads: Pick<ArtifactRouteOptions, 'uploads' | 'bucket'>;
  logger: Logger;
  telemetry?: RequestTelemetry;
  /** Shown by /_hearth/health; for instance `{ postgres: () => database.ping() }`. */
  healthChecks?: Readonly<Record<string, () => Promise<unknown>>>;
  clock?: Clock;
}

export interface ControlPlane {
  /**
   * @returns the address listened on, `http://HOST:PORT`
   * @throws OperatorError when the port cannot be had
   */
  listen(): Promise<string>;
  /** Takes no new requests, lets those under way end, and cuts what is left after `graceMs` (default 30 s). */
  close(graceMs?: number): Promise<void>;
}

/** Request line and headers together (spec/invoke.md 1.1). */
const MAX_HEAD_BYTES = 1_048_576;
/** A client that has not sent its whole request by then is cut off: 70 MB at 250 KB/s. */
const REQUEST_TIMEOUT_MS = 300_000;
/** Longer than load balancers keep theirs (60 s), so that no request meets a connection that is just being closed. */
const KEEP_ALIVE_MS = 72_000;
const DEFAULT_GRACE_MS = 30_000;

/** The API endpoint: AWS routes on Fastify itself, everything of Hearth's own (`/_hearth`) in Nest. */
export async function createControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { settings, logger, guard } = options;
  const clock = options.clock ?? systemClock;
  const health: Health = { draining: false, checks: options.healthChecks ?? {} };
  const lambda = lambdaService();
  const verifier = new SigV4Verifier({ region: settings.HEARTH_REGION, clock });
  const endpoint = new AwsEndpoint({
    lambda,
    services: servedServices([{ service: lambda, operations: options.catalogueOperations, permissions: lambdaPermissions, refusals: LAMBDA_REFUSALS }, ...(options.services ?? [])]),
    guard,
    resourcePolicy: options.resourcePolicy,
    invocation: options.invocation,
    verifier,
    keys: options.keyStore,
    region: settings.HEARTH_REGION,
    publicUrl: settings.HEARTH_PUBLIC_URL?.replace(/\/+$/, ''),
    clock,
    logger,
    telemetry: options.telemetry ?? {},
  });
  const reference = apiReference(lambda.model, {
    server: settings.HEARTH_PUBLIC_URL ?? '/',
    region: settings.HEARTH_REGION,
    implemented: new Set([...ENDPOINT_OPERATIONS, ...Object.keys(options.catalogueOperations)]),
    otherServices: (options.services ?? []).map(({ service }) => service.name),
  });
  const front = new InvokeFront(endpoint, KEEP_ALIVE_MS, () => health.draining);
  const server = frameworkServer(invokeListener(endpoint, () => health.draining));
  front.attach(server.server);
  // Registered before Nest's own routes; Fastify's router prefers the static ones whatever the order.
  server.register(awsRoutes(endpoint)).register(codeRoute(options.codeLinks, options.readArchive, logger)).register(artifactRoute({ ...options.uploads, verifier, keys: options.keyStore, guard, region: settings.HEARTH_REGION, clock, logger }));
  const app = await NestFactory.create<NestFastifyApplication>(ControlPlaneModule.with(health, reference), new FastifyAdapter(server as never), { logger: false, bodyParser: false });
  await app.init();
  await server.ready();

  return {
    async listen() {
      const address = { host: settings.HEARTH_HOST, port: settings.HEARTH_PORT };
      try {
        await server.listen(address);
      } catch (error) {
        throw cannotListen(address, error);
      }
      const { address: host, port } = server.server.address() as AddressInfo;
      return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
    },
    async close(graceMs = DEFAULT_GRACE_MS) {
      health.draining = true;
      const cut = setTimeout(() => {
        logger.warn({ graceMs }, 'requests were still under way at the end of the grace period; their connections are cut');
        server.server.closeAllConnections();
        front.closeAll();
      }, graceMs);
      front.drain();
      try {
        await app.close();
      } finally {
        clearTimeout(cut);
      }
    },
  };
}

/** @param takes tells whether it took a request; the framework gets the others */
function frameworkServer(takes: (raw: IncomingMessage, response: ServerResponse) => boolean): FastifyInstance {
  const platformErrors = new ErrorRenderer();
  return fastify({
    logger: false,
    serverFactory: (handler) =>
      createServer({ maxHeaderSize: MAX_HEAD_BYTES, requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS }, (raw, response) => {
        if (!takes(raw, response)) handler(raw, response);
      }),
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_HEAD_BYTES },
    // A target that is no URL reaches no route.
    frameworkErrors: (_error, _request, reply) => {
      const answer = platformErrors.render(badTarget(), randomUUID());
      reply.hijack();
      reply.raw.writeHead(answer.status, answer.headers).end(answer.body);
    },
  });
}

function cannotListen({ host, port }: { host: string; port: number }, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') return new OperatorError(`Port ${port} on ${host} is in use by another process.`, 'Stop that process, or set HEARTH_PORT to a free port.');
  if (code === 'EACCES') return new OperatorError(`This user may not listen on port ${port}.`, 'Set HEARTH_PORT to a port above 1023.');
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return new OperatorError(`${host} is not an address of this machine.`, 'Set HEARTH_HOST to one of its addresses, or to 0.0.0.0.');
  return error;
}

function badTarget(): ServiceError {
  return new ServiceError('UnknownOperationException', 404, 'The path is not valid percent-encoding.', { fault: null, messageMember: 'message' });
}
