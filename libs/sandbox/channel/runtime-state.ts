/** States of the runtime as the Runtime API's error texts name them. */
export type RuntimeState = 'Started' | 'InitError' | 'Ready' | 'Running' | 'InvocationResponse' | 'InvocationErrorResponse' | 'ResponseSent' | 'RestoreReady' | 'RestoreError';

/**
 * Legal moves (runtime-api.md section 1.1 for what the others are answered). A response is being received in `InvocationResponse`; the
 * next event may be asked for when it is there. The restore states belong to snapshots, which no sandbox is started from: nothing leads there.
 */
const MOVES: Record<RuntimeState, readonly RuntimeState[]> = {
  Started: ['Ready', 'InitError'],
  InitError: [],
  Ready: ['Running'],
  Running: ['InvocationResponse', 'InvocationErrorResponse'],
  InvocationResponse: ['ResponseSent'],
  InvocationErrorResponse: ['ResponseSent'],
  ResponseSent: ['Ready'],
  RestoreReady: [],
  RestoreError: [],
};

export function mayMove(from: RuntimeState, to: RuntimeState): boolean {
  return MOVES[from].includes(to);
}

/** What a call at the wrong time is told. */
export function illegalMove(from: RuntimeState, to: RuntimeState): string {
  return `State transition from ${from} to ${to} failed for runtime. Error: State transition is not allowed`;
}
