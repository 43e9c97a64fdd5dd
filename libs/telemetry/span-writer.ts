/**
 * Makes OpenTelemetry spans of recorded invocations.
 *
 * Invariants:
 * 1. `record` only queues: spans are made in a later turn of the event loop, a bounded number per turn.
 * 2. The queue is bounded; when it is full, traces are dropped and counted, never waited for.
 * 3. All spans of an invocation carry the trace id of X-Amzn-Trace-Id, and the first span of a request the id `spanIdOf(requestId)`.
 */
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace, type Context, type HrTime, type Tracer } from '@opentelemetry/api';
import type { InvocationTrace, InvocationTracer } from './invocation-trace.js';
import { parseTraceHeader } from './trace-header.js';

const MAX_QUEUED = 20_000;
const PER_TURN = 64;

const NAMES = { invoke: 'Invoke', accept: 'Accept event', attempt: 'Run event' } as const;
const KINDS = { invoke: SpanKind.SERVER, accept: SpanKind.PRODUCER, attempt: SpanKind.CONSUMER } as const;

/** Ids for the next span where they are given, random ones otherwise. Span creation is synchronous, so no two callers mix. */
export class ChosenIds {
  traceId: string | undefined;
  spanId: string | undefined;

  constructor(private readonly random: { generateTraceId(): string; generateSpanId(): string }) {}

  generateTraceId(): string {
    const chosen = this.traceId;
    this.traceId = undefined;
    return chosen ?? this.random.generateTraceId();
  }

  generateSpanId(): string {
    const chosen = this.spanId;
    this.spanId = undefined;
    return chosen ?? this.random.generateSpanId();
  }
}

export class SpanWriter implements InvocationTracer {
  readonly enabled = true;
  /** Traces lost because the queue was full. */
  dropped = 0;
  private queue: InvocationTrace[] = [];
  private scheduled = false;

  constructor(
    private readonly tracer: Tracer,
    private readonly ids: ChosenIds,
    /** Share of traces kept when the caller did not decide: 0 to 1. */
    private readonly ratio: number,
  ) {}

  record(invocation: InvocationTrace): void {
    if (this.queue.length >= MAX_QUEUED) {
      this.dropped++;
      return;
    }
    this.queue.push(invocation);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.drain());
  }

  /** Makes the spans of everything queued, now. */
  flush(): void {
    const queue = this.queue;
    this.queue = [];
    for (const invocation of queue) this.write(invocation);
  }

  private drain(): void {
    for (const invocation of this.queue.splice(0, PER_TURN)) this.write(invocation);
    this.scheduled = this.queue.length > 0;
    if (this.scheduled) setImmediate(() => this.drain());
  }

  private write(invocation: InvocationTrace): void {
    const header = parseTraceHeader(invocation.traceHeader);
    const traceId = header?.traceId ?? invocation.requestId.replaceAll('-', '');
    // A header that Hearth made itself names this request's own first span as parent; neither that nor its Sampled part came from the caller.
    const ownHeader = header?.parentId === spanIdOf(invocation.requestId);
    const decided = ownHeader ? undefined : header?.sampled;
    if (!(decided ?? keeps(traceId, this.ratio))) return;
    const parentId = invocation.kind === 'attempt' ? spanIdOf(invocation.requestId) : ownHeader ? undefined : header?.parentId;
    const parent = parentId === undefined ? ROOT_CONTEXT : remoteParent(traceId, parentId);
    this.ids.traceId = parentId === undefined ? traceId : undefined;
    this.ids.spanId = invocation.kind === 'attempt' ? undefined : spanIdOf(invocation.requestId);
    const span = this.tracer.startSpan(
      `${NAMES[invocation.kind]} ${invocation.functionName}`,
      {
        kind: KINDS[invocation.kind],
        startTime: hrTime(invocation.start),
        attributes: { 'faas.invoked_name': invocation.functionName, 'faas.invocation_id': invocation.requestId, ...invocation.attributes },
      },
      parent,
    );
    if (invocation.error !== undefined) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: invocation.error });
      span.setAttribute('error.type', invocation.error);
    }
    const inside = trace.setSpan(parent, span);
    for (const [name, [start, end]] of Object.entries(invocation.phases ?? {})) {
      this.tracer.startSpan(name, { startTime: hrTime(start) }, inside).end(hrTime(Math.max(start, end)));
    }
    span.end(hrTime(Math.max(invocation.start, invocation.end)));
  }
}

/** The id of a request's first span: both the process that accepts an event and those that run it know it. */
export function spanIdOf(requestId: string): string {
  const id = requestId.replaceAll('-', '').slice(0, 16).toLowerCase();
  return /^[0-9a-f]{16}$/.test(id) && !/^0+$/.test(id) ? id : 'ffffffffffffffff';
}

function remoteParent(traceId: string, spanId: string): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });
}

/** The same traces are kept by every process, because the decision depends on the trace id alone. */
function keeps(traceId: string, ratio: number): boolean {
  return ratio >= 1 || Number.parseInt(traceId.slice(-8), 16) < ratio * 0x1_0000_0000;
}

// As a pair, never as a number: OpenTelemetry reads numbers smaller than the process's start as performance.now(), which
// would be wrong for an event that waited since before a restart.
function hrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1000);
  return [seconds, Math.round((epochMs - seconds * 1000) * 1e6)];
}
