import fc from 'fast-check';
import { move, MOVES, type SandboxState } from './sandbox-state.js';

const states = Object.keys(MOVES) as SandboxState[];

describe('the states of a sandbox', () => {
  it('let a sandbox serve, and serve again', () => {
    const life: SandboxState[] = ['creating', 'initialising', 'idle', 'busy', 'idle', 'busy', 'draining', 'gone'];
    expect(life.slice(1).reduce(move, life[0]!)).toBe('gone');
  });

  it('never let one serve again that is ending', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...states)), (moves) => {
        let state: SandboxState = 'draining';
        for (const to of moves) if (MOVES[state].includes(to)) state = move(state, to);
        expect(['draining', 'gone']).toContain(state);
      }),
    );
  });

  it('refuse every move that is not in the table', () => {
    for (const from of states) for (const to of states) if (!MOVES[from].includes(to)) expect(() => move(from, to)).toThrow(`from ${from} to ${to}`);
  });
});
