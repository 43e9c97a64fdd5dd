import type { InvocationOutcome, InvocationRequest } from '@hearth/sandbox';

/**
 * Where invocations run: in this process (one machine) or on the workers that registered (many). The only way from
 * `invocation` to a sandbox.
 */
export interface Fleet {
  /**
   * Runs one invocation to its end. Function errors and timeouts are outcomes, not exceptions.
   * @throws InfrastructureError when no sandbox could run it; the function is not at fault and the event may be tried again
   */
  invoke(request: InvocationRequest, signal?: AbortSignal): Promise<InvocationOutcome>;
}

/** Injection token of the fleet's port. */
export const FLEET = Symbol('Fleet');
