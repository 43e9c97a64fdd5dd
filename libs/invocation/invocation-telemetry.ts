import type { InvocationOutcome } from '@hearth/fleet';
import type { InvocationTracer, PlatformMetrics } from '@hearth/telemetry';
import type { ExecutionTarget } from './execution.js';

/** Phase name to [start, end] in epoch ms, in the order in which they begin. */
export type Phases = Readonly<Record<string, readonly [number, number]>>;

/** What is counted and traced of every invocation, sync calls and attempts of events alike. Off unless a process binds it. */
export class InvocationTelemetry {
  constructor(
    readonly metrics: PlatformMetrics,
    private readonly tracer: InvocationTracer,
  ) {}

  /** An invocation reached a sandbox and ended there. */
  ended(target: ExecutionTarget, type: 'sync' | 'event', phases: Phases, outcome: InvocationOutcome, wantsProvisioned: boolean): void {
    this.metrics.invocation(target.accountId, target.functionName, type, outcome, wantsProvisioned);
    if (!this.tracer.enabled) return;
    this.record(type === 'sync' ? 'invoke' : 'attempt', target, phases, {
      attributes: { 'faas.coldstart': outcome.coldStart, 'cloud.account.id': target.accountId },
      error: outcome.status === 'success' ? undefined : (outcome.errorType ?? outcome.status),
    });
  }

  /** An event was committed and is about to be answered 202. */
  accepted(event: Pick<ExecutionTarget, 'accountId' | 'functionName' | 'requestId' | 'traceHeader'>, phases: Phases): void {
    this.metrics.eventReceived(event.accountId, event.functionName);
    if (this.tracer.enabled) this.record('accept', event, phases, { attributes: { 'cloud.account.id': event.accountId } });
  }

  private record(
    kind: 'invoke' | 'accept' | 'attempt',
    { requestId, functionName, traceHeader }: Pick<ExecutionTarget, 'functionName' | 'requestId' | 'traceHeader'>,
    phases: Phases,
    rest: { attributes: Record<string, string | boolean>; error?: string },
  ): void {
    const end = Date.now();
    const start = Math.min(end, ...Object.values(phases).map(([begin]) => begin));
    this.tracer.record({ kind, requestId, functionName, traceHeader, start, end, phases, ...rest });
  }
}
