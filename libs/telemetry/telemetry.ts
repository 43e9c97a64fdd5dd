import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OperatorError } from '@hearth/kernel';
import type { Settings } from '@hearth/config';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes, type Resource } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader, type IMetricReader } from '@opentelemetry/sdk-metrics';
import { DISABLED_TRACER, type InvocationTracer } from './invocation-trace.js';
import { createLogger, type Logger } from './logger.js';
import { PlatformMetricProducer } from './metric-collection.js';
import { PlatformMetrics } from './platform-metrics.js';
import { ChosenIds, SpanWriter } from './span-writer.js';

const METRICS_EXPORT_INTERVAL_MS = 15_000;
const EXPORT_TIMEOUT_MS = 5_000;

export interface TelemetryOptions {
  /** `hearth`, `control-plane`, `scheduler`, `worker` */
  service: string;
  settings: Pick<Settings, 'HEARTH_HOST' | 'HEARTH_METRICS_PORT' | 'HEARTH_LOG_LEVEL' | 'HEARTH_TRACE_RATIO' | 'OTEL_EXPORTER_OTLP_ENDPOINT'>;
  /** Tells two lives of one process apart. */
  incarnation: string;
  version?: string;
  /** Default: a logger on standard output. */
  logger?: Logger;
}

export interface Telemetry {
  logger: Logger;
  metrics: PlatformMetrics;
  tracer: InvocationTracer;
  /** `http://HOST:PORT/metrics` */
  metricsUrl: string;
  /** Sends what is left, within 5 s, and closes the Prometheus endpoint. */
  shutdown(): Promise<void>;
}

/**
 * Sets OpenTelemetry up for one process. The Prometheus endpoint is always there; OTLP is loaded only when an endpoint is
 * set, so that a platform without a collector spends neither memory nor time on it.
 * @throws OperatorError when the metrics port is taken
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { settings } = options;
  const logger = options.logger ?? createLogger({ service: options.service, level: settings.HEARTH_LOG_LEVEL, incarnation: options.incarnation });
  const resource = resourceFromAttributes({
    'service.name': options.service === 'hearth' ? 'hearth' : `hearth-${options.service}`,
    'service.namespace': 'hearth',
    'service.instance.id': options.incarnation,
    ...(options.version === undefined ? {} : { 'service.version': options.version }),
  });
  const metrics = new PlatformMetrics();
  const metricProducers = [new PlatformMetricProducer(metrics, resource)];
  const prometheus = new PrometheusExporter({ preventServerStart: true, metricProducers, withoutScopeInfo: true });
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/+$/, '');
  const readers: IMetricReader[] = [prometheus];
  if (endpoint !== undefined) {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-proto');
    const exporter = new OTLPMetricExporter({ url: `${endpoint}/v1/metrics`, timeoutMillis: EXPORT_TIMEOUT_MS });
    readers.push(
      new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: METRICS_EXPORT_INTERVAL_MS, exportTimeoutMillis: EXPORT_TIMEOUT_MS, metricProducers }),
    );
  }
  const meters = new MeterProvider({ resource, readers });
  const traces = endpoint === undefined ? undefined : await startTraces(endpoint, resource, settings.HEARTH_TRACE_RATIO);
  const server = await listen(prometheus, settings.HEARTH_HOST, settings.HEARTH_METRICS_PORT);
  return {
    logger,
    metrics,
    tracer: traces?.writer ?? DISABLED_TRACER,
    metricsUrl: `http://${authority(server.address() as AddressInfo)}/metrics`,
    shutdown: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      const ends = await Promise.allSettled([traces?.shutdown(), meters.shutdown(), closed]);
      for (const end of ends) if (end.status === 'rejected') logger.warn({ err: end.reason as unknown }, 'Telemetry that was left could not be sent');
    },
  };
}

async function startTraces(endpoint: string, resource: Resource, ratio: number) {
  const [{ AlwaysOnSampler, BasicTracerProvider, BatchSpanProcessor, RandomIdGenerator }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
  ]);
  const ids = new ChosenIds(new RandomIdGenerator());
  const provider = new BasicTracerProvider({
    resource,
    idGenerator: ids,
    sampler: new AlwaysOnSampler(), // The span writer has decided already.
    spanProcessors: [
      new BatchSpanProcessor(new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, timeoutMillis: EXPORT_TIMEOUT_MS }), {
        maxQueueSize: 20_000,
        maxExportBatchSize: 2_000,
        scheduledDelayMillis: 1_000,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  const writer = new SpanWriter(provider.getTracer('hearth'), ids, ratio);
  return {
    writer,
    shutdown: async () => {
      writer.flush();
      await provider.shutdown();
    },
  };
}

async function listen(prometheus: PrometheusExporter, host: string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/metrics' || request.url?.startsWith('/metrics?')) prometheus.getMetricsRequestHandler(request, response);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new OperatorError(`The metrics port ${port} is taken.`, 'Stop what listens there, or set HEARTH_METRICS_PORT to another port (0 chooses a free one).')
          : error,
      );
    });
    server.listen(port, host, resolve);
  });
  // Scraping must not keep a process alive that has nothing else to do.
  return server.unref();
}

function authority(address: AddressInfo): string {
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}
