import type { InvocationOutcome, InvocationRequest } from '@hearth/sandbox';
import type { Fleet } from './fleet.js';

/** What a worker runs invocations on; `SandboxPool` of `sandbox` is one. */
export interface InvocationRunner {
  invoke(request: InvocationRequest, signal?: AbortSignal): Promise<InvocationOutcome>;
}

/** One machine: the sandboxes are in this process. */
export class LocalFleet implements Fleet {
  constructor(private readonly pool: InvocationRunner) {}

  invoke(request: InvocationRequest, signal?: AbortSignal): Promise<InvocationOutcome> {
    return this.pool.invoke(request, signal);
  }
}
