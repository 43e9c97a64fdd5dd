import { Batches } from './batches.js';

describe('batches', () => {
  it('share a statement among calls that arrive together, and answer each with its own result', async () => {
    const runs: number[][] = [];
    const batches = new Batches<number, number>({ maxItems: 100, run: (items) => Promise.resolve((runs.push(items), items.map((item) => item * 2))) });
    expect(await Promise.all([1, 2, 3].map((item) => batches.add(item)))).toEqual([2, 4, 6]);
    expect(runs).toEqual([[1, 2, 3]]);
  });

  it('fill while two are under way', async () => {
    const runs: number[][] = [];
    const release: (() => void)[] = [];
    const batches = new Batches<number, number>({ maxItems: 2, run: (items) => new Promise((resolve) => (runs.push(items), release.push(() => resolve(items)))) });
    const all = Promise.all([1, 2, 3, 4, 5, 6, 7].map((item) => batches.add(item)));
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    for (let index = 0; index < 10; index++) await turn();
    expect(runs).toEqual([[1, 2], [3, 4]]);
    for (let index = 0; index < 40; index++) {
      release.splice(0).forEach((go) => go());
      await turn();
    }
    expect(await all).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(runs).toHaveLength(4);
  });

  it('keep to a weight, but let a single heavy item through', async () => {
    const runs: number[][] = [];
    const batches = new Batches<number, number>({ maxItems: 100, weigh: (item) => item, maxWeight: 10, run: (items) => Promise.resolve((runs.push(items), items)) });
    await Promise.all([6, 5, 50, 1].map((item) => batches.add(item)));
    expect(runs).toEqual([[6], [5], [50], [1]]);
  });

  it('run item by item when one is refused for its data, and fail together otherwise', async () => {
    const refuse = (code: string) =>
      new Batches<number, number>({ maxItems: 100, run: (items) => (items.includes(2) ? Promise.reject(Object.assign(new Error('refused'), { code })) : Promise.resolve(items)) });
    const [data, down] = [refuse('22021'), refuse('57P01')];
    expect((await Promise.allSettled([1, 2, 3].map((item) => data.add(item)))).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await Promise.allSettled([1, 2, 3].map((item) => down.add(item)))).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  });
});
