export type SandboxState = 'creating' | 'initialising' | 'idle' | 'busy' | 'draining' | 'gone';

/**
 * Every legal move of a sandbox (architecture section 5). `draining` is one-way: a sandbox that crashed, timed out, expired
 * or was superseded never serves again.
 */
export const MOVES: Readonly<Record<SandboxState, readonly SandboxState[]>> = {
  creating: ['initialising', 'draining'],
  /** `busy`: the init runs inside an invocation. */
  initialising: ['idle', 'busy', 'draining'],
  idle: ['busy', 'draining'],
  busy: ['idle', 'draining'],
  draining: ['gone'],
  gone: [],
};

/** @throws Error for a move that is not in the table: a defect of the pool */
export function move(from: SandboxState, to: SandboxState): SandboxState {
  if (!MOVES[from].includes(to)) throw new Error(`A sandbox cannot go from ${from} to ${to}`);
  return to;
}
