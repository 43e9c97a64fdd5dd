import { ValueType, type Attributes, type HrTime } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType, type CollectionResult, type DataPoint, type Histogram, type MetricData, type MetricProducer } from '@opentelemetry/sdk-metrics';
import type { FunctionCounts, PlainHistogram, PlatformMetrics } from './platform-metrics.js';

/**
 * Turns the plain numbers of `PlatformMetrics` into OpenTelemetry data whenever an exporter collects. A metric producer and
 * not observable instruments, because OpenTelemetry has no observable histogram.
 */
export class PlatformMetricProducer implements MetricProducer {
  private readonly started: HrTime = now();

  constructor(
    private readonly metrics: PlatformMetrics,
    private readonly resource: Resource,
  ) {}

  async collect(): Promise<CollectionResult> {
    const scope = { name: 'hearth' };
    return { resourceMetrics: { resource: this.resource, scopeMetrics: [{ scope, metrics: this.data() }] }, errors: [] };
  }

  private data(): MetricData[] {
    const { metrics } = this;
    const functions = [...metrics.functions.values()].flatMap((account) => [...account.values()]);
    const cpu = process.cpuUsage();
    const provisioned = metrics.provisionedUse().map((use) => ({ ...use, labels: { account_id: use.accountId, function_name: use.functionName, resource: `${use.functionName}:${use.qualifier}` } }));
    return [
      this.counter('hearth_invocations_total', 'Invocations that ended in a sandbox', functions, (f) => [
        [f.invocations.sync, { type: 'sync' }],
        [f.invocations.event, { type: 'event' }],
      ]),
      this.counter('hearth_invocation_errors_total', 'Invocations that the function failed or did not end in time', functions, (f) => [
        [f.errors.error, { reason: 'error' }],
        [f.errors.timeout, { reason: 'timeout' }],
      ]),
      this.counter('hearth_cold_starts_total', 'Invocations that waited for a new sandbox', functions, (f) => [[f.coldStarts, {}]]),
      this.counter('hearth_provisioned_concurrency_invocations_total', 'Invocations of provisioned versions and aliases that ran in a provisioned sandbox', functions, (f) => [[f.provisioned.provisioned, {}]]),
      this.counter('hearth_provisioned_concurrency_spillover_invocations_total', 'Invocations of provisioned versions and aliases that ran elsewhere', functions, (f) => [[f.provisioned.spillover, {}]]),
      this.counter('hearth_throttles_total', 'Invocations refused because of a concurrency limit', functions, (f) => [[f.throttles, {}]]),
      this.counter('hearth_async_events_received_total', 'Events committed and answered 202', functions, (f) => [[f.eventsReceived, {}]]),
      this.counter('hearth_async_events_dropped_total', 'Events that ended without success', functions, (f) =>
        [...f.eventsDropped].map(([condition, count]) => [count, { condition }]),
      ),
      this.counter('hearth_log_lines_denied_total', 'Lines of function logs that the execution role does not allow to be stored', functions, (f) => [[f.logLinesDenied, {}]]),
      this.histogram('hearth_invocation_duration_seconds', 'Duration of the handler', [
        [metrics.duration.sync, { type: 'sync' }],
        [metrics.duration.event, { type: 'event' }],
      ]),
      this.histogram('hearth_async_event_age_seconds', 'Age of an event when it was handed to a sandbox', [[metrics.eventAge, {}]]),
      this.gauge('hearth_sandboxes', 'Sandboxes by state', Object.entries(metrics.sandboxCounts()).map(([state, count]) => [count ?? 0, { state }])),
      this.gauge('hearth_provisioned_concurrency_ready', 'Provisioned sandboxes that are initialised, on this machine', provisioned.map(({ ready, labels }) => [ready, labels])),
      this.gauge('hearth_provisioned_concurrent_executions', 'Provisioned sandboxes that run an invocation, on this machine', provisioned.map(({ busy, labels }) => [busy, labels])),
      this.gauge('hearth_provisioned_concurrency_utilization', 'Part of the provisioned sandboxes that runs an invocation, on this machine', provisioned.map(({ ready, busy, labels }) => [ready === 0 ? 0 : busy / ready, labels])),
      this.sum(
        'hearth_http_requests_total',
        'API requests by operation and status',
        [...metrics.httpRequests].flatMap(([operation, statuses]) => [...statuses].map(([status, count]) => this.point(count, { operation, status: String(status) }))),
      ),
      this.sum('hearth_process_cpu_seconds_total', 'Processor time of this process', [this.point((cpu.user + cpu.system) / 1e6, {})]),
      this.gauge('hearth_process_resident_memory_bytes', 'Resident memory of this process', [[process.memoryUsage.rss(), {}]]),
    ];
  }

  private counter(name: string, description: string, functions: FunctionCounts[], read: (counts: FunctionCounts) => [number, Attributes][]): MetricData {
    const points = functions.flatMap((f) => {
      const common = { account_id: f.accountId, function_name: f.functionName };
      return read(f)
        .filter(([value]) => value > 0)
        .map(([value, attributes]) => this.point(value, { ...common, ...attributes }));
    });
    return this.sum(name, description, points);
  }

  private sum(name: string, description: string, dataPoints: DataPoint<number>[]): MetricData {
    return { ...base(name, description), dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
  }

  private gauge(name: string, description: string, values: [number, Attributes][]): MetricData {
    const dataPoints = values.map(([value, attributes]) => this.point(value, attributes));
    return { ...base(name, description), dataPointType: DataPointType.GAUGE, dataPoints };
  }

  private histogram(name: string, description: string, values: [PlainHistogram, Attributes][]): MetricData {
    const dataPoints = values.map(([plain, attributes]): DataPoint<Histogram> => {
      const value = { buckets: { boundaries: [...plain.bounds], counts: [...plain.counts] }, sum: plain.sum, count: plain.count };
      return { startTime: this.started, endTime: now(), attributes, value };
    });
    return { ...base(name, description), dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }

  private point(value: number, attributes: Attributes): DataPoint<number> {
    return { startTime: this.started, endTime: now(), attributes, value };
  }
}

function base(name: string, description: string) {
  return { descriptor: { name, description, unit: '', valueType: ValueType.DOUBLE }, aggregationTemporality: AggregationTemporality.CUMULATIVE };
}

function now(): HrTime {
  const ms = Date.now();
  return [Math.floor(ms / 1000), (ms % 1000) * 1e6];
}
