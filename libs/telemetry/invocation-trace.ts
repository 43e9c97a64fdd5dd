/**
 * What the hot path keeps of one invocation: a plain object with epoch times. Spans are made of it afterwards, off the
 * answer's path, and only where an exporter is configured and the trace is sampled.
 *
 * One invocation is one trace, also across processes: its trace id is the root of X-Amzn-Trace-Id, and the id of its first
 * span is derived from the request id, so that the scheduler's spans hang below the span of the API call that accepted the
 * event without anything being handed over but what the event's row holds anyway.
 */
export interface InvocationTrace {
  /**
   * `invoke`: a synchronous call, answered with the result. `accept`: an event taken over for later.
   * `attempt`: one try of an accepted event.
   */
  kind: 'invoke' | 'accept' | 'attempt';
  /** UUID. */
  requestId: string;
  functionName: string;
  /** X-Amzn-Trace-Id as it came or was made; without a valid root the request id is the trace id. */
  traceHeader: string | undefined;
  /** Epoch ms; may be fractional. */
  start: number;
  end: number;
  /** Phase name to [start, end] in epoch ms: `authenticate`, `resolve`, `queue`, `placement`, `sandbox.create`, `init`, `handler`... */
  phases?: Readonly<Record<string, readonly [number, number]>>;
  attributes?: Readonly<Record<string, string | number | boolean>>;
  /** Error type or code; marks the span as failed. */
  error?: string;
}

/** Takes invocation traces. `record` costs a push onto an array at most and never throws. */
export interface InvocationTracer {
  /** False: nothing is exported, so callers need not collect phases. */
  readonly enabled: boolean;
  record(trace: InvocationTrace): void;
}

export const DISABLED_TRACER: InvocationTracer = { enabled: false, record: () => undefined };
