import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadSettings } from '@hearth/config';
import { createLogger, startTelemetry } from './index.js';

const logger = createLogger({ service: 'test', level: 'silent' });
const base = { service: 'worker', incarnation: 'life-1', logger };

describe('telemetry of a process', () => {
  let collector: Server;
  let endpoint: string;
  const received = new Map<string, Buffer>();

  beforeEach(async () => {
    received.clear();
    collector = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        received.set(request.url as string, Buffer.concat(chunks));
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      });
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    collector.closeAllConnections();
    collector.close();
  });

  const settings = (environment: Record<string, string> = {}) => loadSettings({ HEARTH_METRICS_PORT: '0', ...environment });

  it('sends traces and metrics by OTLP', async () => {
    const telemetry = await startTelemetry({ ...base, settings: settings({ OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint}/` }) });
    telemetry.tracer.record({
      kind: 'invoke',
      requestId: '8476a536-e9f4-11e8-9739-2dfe598c3fcd',
      functionName: 'greet',
      traceHeader: 'Root=1-5759e988-bd862e3fe1be46a994272793',
      start: Date.now() - 5,
      end: Date.now(),
      phases: { 'sandbox.create': [Date.now() - 4, Date.now() - 1] },
    });
    telemetry.metrics.invocation('111111111111', 'greet', 'sync', { status: 'success', coldStart: true, durationMs: 3 });
    await telemetry.shutdown();
    const traces = received.get('/v1/traces') as Buffer;
    for (const text of ['hearth-worker', 'life-1', 'Invoke greet', 'sandbox.create']) expect(traces.includes(text)).toBe(true);
    expect(traces.includes(Buffer.from('5759e988bd862e3fe1be46a994272793', 'hex'))).toBe(true);
    const metrics = received.get('/v1/metrics') as Buffer;
    for (const text of ['hearth-worker', 'hearth_invocations_total', 'hearth_cold_starts_total', 'greet']) expect(metrics.includes(text)).toBe(true);
  });

  it('is scraped by Prometheus', async () => {
    const telemetry = await startTelemetry({ ...base, settings: settings() });
    try {
      expect(telemetry.tracer.enabled).toBe(false);
      telemetry.metrics.invocation('111111111111', 'greet', 'sync', { status: 'error', coldStart: true, durationMs: 30 });
      telemetry.metrics.throttle('111111111111', 'greet');
      telemetry.metrics.eventReceived('111111111111', 'greet');
      telemetry.metrics.eventDropped('111111111111', 'greet', 'RetriesExhausted');
      telemetry.metrics.eventStarted(2_000);
      telemetry.metrics.httpRequest('CreateFunction', 201);
      telemetry.metrics.observeSandboxes(() => ({ idle: 2, busy: 1 }));
      const text = await (await fetch(telemetry.metricsUrl)).text();
      const common = 'account_id="111111111111",function_name="greet"';
      for (const line of [
        `hearth_invocations_total{${common},type="sync"} 1`,
        `hearth_invocation_errors_total{${common},reason="error"} 1`,
        `hearth_cold_starts_total{${common}} 1`,
        `hearth_throttles_total{${common}} 1`,
        `hearth_async_events_received_total{${common}} 1`,
        `hearth_async_events_dropped_total{${common},condition="RetriesExhausted"} 1`,
        'hearth_invocation_duration_seconds_bucket{type="sync",le="0.025"} 0',
        'hearth_invocation_duration_seconds_bucket{type="sync",le="0.05"} 1',
        'hearth_invocation_duration_seconds_count{type="sync"} 1',
        'hearth_async_event_age_seconds_sum 2',
        'hearth_sandboxes{state="idle"} 2',
        'hearth_sandboxes{state="busy"} 1',
        'hearth_http_requests_total{operation="CreateFunction",status="201"} 1',
      ])
        expect(text.split('\n')).toContain(line);
      expect(text).toContain('# TYPE hearth_invocation_duration_seconds histogram');
      expect(text).toMatch(/target_info\{.*service_name="hearth-worker"/);
      expect((await fetch(new URL('/', telemetry.metricsUrl))).status).toBe(404);
    } finally {
      await telemetry.shutdown();
    }
  });

  it('says what to do when the metrics port is taken', async () => {
    const port = String((collector.address() as AddressInfo).port);
    await expect(startTelemetry({ ...base, settings: settings({ HEARTH_METRICS_PORT: port }) })).rejects.toMatchObject({ name: 'OperatorError', message: `The metrics port ${port} is taken.` });
  });

  it('does not hold a process up when the collector is away', async () => {
    collector.close();
    const telemetry = await startTelemetry({ ...base, settings: settings({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }) });
    telemetry.tracer.record({ kind: 'invoke', requestId: 'x', functionName: 'greet', traceHeader: undefined, start: 1, end: 2 });
    const before = performance.now();
    await telemetry.shutdown();
    expect(performance.now() - before).toBeLessThan(12_000);
  });
});
