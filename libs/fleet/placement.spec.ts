import { place, type Candidate } from './placement.js';

const worker = (id: string, overrides: Partial<Candidate> = {}): Candidate => ({ id, capacity: 10, running: 0, warmFree: 0, ...overrides });
const ids = (candidates: readonly Candidate[]): string[] => candidates.map((candidate) => candidate.id);

describe('placement', () => {
  it('prefers a free warm sandbox, on the less loaded worker', () => {
    expect(ids(place([worker('a'), worker('b', { warmFree: 1, running: 5 }), worker('c', { warmFree: 1, running: 2 })], 'key')).slice(0, 2)).toEqual(['c', 'b']);
  });

  it('sends a function to the same worker whoever asks and in whatever order the workers are known', () => {
    const workers = ['a', 'b', 'c', 'd'].map((id) => worker(id));
    expect(ids(place(workers, 'key'))).toEqual(ids(place(workers.toReversed(), 'key')));
  });

  it('spreads functions over workers', () => {
    const workers = ['http://10.0.0.1:4520', 'http://10.0.0.2:4520', 'http://10.0.0.3:4520'].map((id) => worker(id));
    const counts = new Map<string, number>();
    for (let index = 0; index < 3_000; index++) {
      const first = place(workers, `000000000000/f${index}/$LATEST/r`)[0]?.id ?? '';
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }
    for (const count of counts.values()) expect(count).toBeGreaterThan(800);
    expect(counts.size).toBe(3);
  });

  it('moves only the functions of a worker that left', () => {
    const workers = ['a', 'b', 'c', 'd'].map((id) => worker(id));
    for (let index = 0; index < 200; index++) {
      const before = place(workers, `f${index}`)[0]?.id;
      const after = place(workers.filter(({ id }) => id !== 'b'), `f${index}`)[0]?.id;
      if (before !== 'b') expect(after).toBe(before);
    }
  });

  it('avoids full workers, and takes the least loaded when all are full', () => {
    expect(ids(place([worker('a', { running: 10 }), worker('b', { running: 3 })], 'key'))).toEqual(['b', 'a']);
    expect(ids(place([worker('a', { running: 30 }), worker('b', { running: 20 })], 'key'))).toEqual(['b', 'a']);
  });
});
