import type { InvocationOutcome } from '@hearth/fleet';
import type { InvocationTracer, PlatformMetrics } from '@hearth/telemetry';
import type { ExecutionTarget } from './execution.js';

/** What is counted and traced of every invocation, sync calls and attempts of events alike. Off unless a process binds it. */
export class InvocationTelemetry {
  constructor(
    readonly metrics: PlatformMetrics,
    private readonly tracer: InvocationTracer,
  ) {}

  /** @param start epoch ms at which the invocation was taken on; its sandbox phases lie within */
  ended(target: ExecutionTarget, type: 'sync' | 'event', start: number, outcome: InvocationOutcome): void {
    this.metrics.invocation(target.accountId, target.functionName, type, outcome);
    if (!this.tracer.enabled) return;
    this.tracer.record({
      kind: type === 'sync' ? 'invoke' : 'attempt',
      requestId: target.requestId,
      functionName: target.functionName,
      traceHeader: target.traceHeader,
      start,
      end: Date.now(),
      phases: outcome.phases,
      attributes: { 'faas.coldstart': outcome.coldStart, 'cloud.account.id': target.accountId },
      error: outcome.status === 'success' ? undefined : (outcome.errorType ?? outcome.status),
    });
  }
}
