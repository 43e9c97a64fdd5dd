import { pageOf, replayed, type OperationOutline } from './replay-state.js';

function outline(id: string, parentId?: string, overrides: Partial<OperationOutline> = {}): OperationOutline {
  return { id, ordinal: 1, parentId, type: 'STEP', status: 'SUCCEEDED', replayChildren: false, bytes: 10, ...overrides };
}
const context = (id: string, parentId?: string, overrides: Partial<OperationOutline> = {}) => outline(id, parentId, { type: 'CONTEXT', ...overrides });
const ids = (outlines: readonly OperationOutline[]) => outlines.map(({ id }) => id);

describe('what a replay is told', () => {
  it('leaves out what happened inside a context that has ended', () => {
    expect(ids(replayed([context('c'), outline('c1', 'c'), context('d', 'c', { status: 'STARTED' }), outline('d1', 'd'), outline('e')]))).toEqual(['c', 'e']);
  });

  it('has it when the context asked for it, or still runs', () => {
    expect(ids(replayed([context('c', undefined, { replayChildren: true }), outline('c1', 'c'), context('d', undefined, { status: 'STARTED' }), outline('d1', 'd')]))).toEqual(['c', 'c1', 'd', 'd1']);
  });

  it('keeps children of contexts that were never told of, and is not led in circles', () => {
    expect(ids(replayed([outline('a', 'virtual'), outline('b', 'c'), outline('c', 'b')]))).toEqual(['a', 'b', 'c']);
  });
});

describe('a page', () => {
  it('ends at its number of operations or its bytes, but has one at least', () => {
    const all = ['a', 'b', 'c'].map((id) => outline(id, undefined, { bytes: 1_000 }));
    expect(pageOf(all, { operations: 2, bytes: 1e6 }, 0)).toMatchObject({ page: [{ id: 'a' }, { id: 'b' }], more: true });
    expect(pageOf(all, { operations: 10, bytes: 2_700 }, 0)).toMatchObject({ page: [{ id: 'a' }, { id: 'b' }], more: true });
    expect(ids(pageOf(all, { operations: 10, bytes: 10 }, 500).page)).toEqual(['a']);
    expect(pageOf(all, { operations: 3, bytes: 1e6 }, 0).more).toBe(false);
  });
});
