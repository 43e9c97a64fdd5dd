import { SpanStatusCode, type HrTime } from '@opentelemetry/api';
import { AlwaysOnSampler, BasicTracerProvider, InMemorySpanExporter, RandomIdGenerator, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { ChosenIds, SpanWriter, spanIdOf } from './span-writer.js';

const REQUEST = '8476a536-e9f4-11e8-9739-2dfe598c3fcd';
const HEADER = 'Root=1-5759e988-bd862e3fe1be46a994272793';
const TRACE = '5759e988bd862e3fe1be46a994272793';

function make(ratio = 1) {
  const exporter = new InMemorySpanExporter();
  const ids = new ChosenIds(new RandomIdGenerator());
  const provider = new BasicTracerProvider({ idGenerator: ids, sampler: new AlwaysOnSampler(), spanProcessors: [new SimpleSpanProcessor(exporter)] });
  return { exporter, writer: new SpanWriter(provider.getTracer('test'), ids, ratio) };
}

const ms = ([seconds, nanoseconds]: HrTime) => seconds * 1000 + nanoseconds / 1e6;

describe('span writer', () => {
  it('makes one trace of an invocation, with the times that were recorded', () => {
    const { exporter, writer } = make();
    writer.record({
      kind: 'invoke',
      requestId: REQUEST,
      functionName: 'greet',
      traceHeader: `${HEADER};Parent=53995c3f42cd8ad8;Sampled=1`,
      start: 1_000,
      end: 1_009.5,
      phases: { placement: [1_001, 1_004], handler: [1_004.25, 1_009] },
      attributes: { 'faas.coldstart': true },
      error: 'Runtime.ExitError',
    });
    writer.flush();
    const spans = exporter.getFinishedSpans();
    expect(spans.map((span) => span.name)).toEqual(['placement', 'handler', 'Invoke greet']);
    const root = spans[2]!;
    expect(root.spanContext()).toMatchObject({ traceId: TRACE, spanId: spanIdOf(REQUEST) });
    expect(root.parentSpanContext?.spanId).toBe('53995c3f42cd8ad8');
    expect(root.status).toEqual({ code: SpanStatusCode.ERROR, message: 'Runtime.ExitError' });
    expect(root.attributes).toMatchObject({ 'faas.coldstart': true, 'faas.invocation_id': REQUEST });
    // 1970 is before this process started: numbers would have been taken for performance.now().
    expect([ms(root.startTime), ms(root.endTime)]).toEqual([1_000, 1_009.5]);
    for (const phase of spans.slice(0, 2)) {
      expect(phase.spanContext().traceId).toBe(TRACE);
      expect(phase.parentSpanContext?.spanId).toBe(spanIdOf(REQUEST));
    }
    expect([ms(spans[1]!.startTime), ms(spans[1]!.endTime)]).toEqual([1_004.25, 1_009]);
  });

  it("hangs an event's attempts below the call that accepted it, although another process made that span", () => {
    const [api, scheduler] = [make(), make()];
    const common = { requestId: REQUEST, functionName: 'greet', traceHeader: HEADER, start: 1, end: 2 };
    api.writer.record({ ...common, kind: 'accept' });
    scheduler.writer.record({ ...common, kind: 'attempt', phases: { queue: [1, 2] } });
    api.writer.flush();
    scheduler.writer.flush();
    const accepted = api.exporter.getFinishedSpans()[0]!;
    const attempt = scheduler.exporter.getFinishedSpans()[1]!;
    expect(accepted.parentSpanContext).toBeUndefined();
    expect(accepted.spanContext().traceId).toBe(TRACE);
    expect(attempt.spanContext().traceId).toBe(TRACE);
    expect(attempt.parentSpanContext?.spanId).toBe(accepted.spanContext().spanId);
  });

  it('does not take the header that Hearth made for a decision or a parent of the caller', () => {
    const { exporter, writer } = make();
    writer.record({ kind: 'invoke', requestId: REQUEST, functionName: 'f', traceHeader: `${HEADER};Parent=${spanIdOf(REQUEST)};Sampled=0`, start: 1, end: 2 });
    writer.flush();
    expect(exporter.getFinishedSpans().map((span) => [span.spanContext().spanId, span.parentSpanContext])).toEqual([[spanIdOf(REQUEST), undefined]]);
  });

  it("obeys the caller's decision, and the ratio where there is none", () => {
    const { exporter, writer } = make(0.5);
    const common = { kind: 'invoke', functionName: 'f', start: 1, end: 2 } as const;
    writer.record({ ...common, requestId: REQUEST, traceHeader: `${HEADER};Sampled=0` });
    writer.record({ ...common, requestId: REQUEST, traceHeader: 'Root=1-5759e988-bd862e3fe1be46a9f4272793' });
    writer.record({ ...common, requestId: REQUEST, traceHeader: 'Root=1-5759e988-bd862e3fe1be46a910000000' });
    writer.flush();
    expect(exporter.getFinishedSpans().map((span) => span.spanContext().traceId)).toEqual(['5759e988bd862e3fe1be46a910000000']);
  });

  it('drops traces when too many wait, and counts them', () => {
    const { writer } = make(0);
    for (let i = 0; i < 20_010; i++) writer.record({ kind: 'invoke', requestId: REQUEST, functionName: 'f', traceHeader: undefined, start: 1, end: 2 });
    expect(writer.dropped).toBe(10);
    writer.flush();
  });
});
