import fc from 'fast-check';
import { planProvision, type Demand, type PlannedHost } from './provision-plan.js';

const host = (id: string, held: Record<string, number> = {}, room: Partial<PlannedHost> = {}): PlannedHost => ({
  id,
  maxSandboxes: 10,
  memoryMb: 1_024,
  held: Object.entries(held).map(([key, count]) => ({ key, count, ready: count })),
  ...room,
});
const demand = (key: string, count: number, memoryMb = 128): Demand => ({ key, count, memoryMb });
const plain = ({ counts, unplaced }: ReturnType<typeof planProvision>) => ({
  counts: Object.fromEntries([...counts].map(([id, held]) => [id, Object.fromEntries(held)])),
  unplaced: Object.fromEntries(unplaced),
});

describe('the plan of provisioned sandboxes', () => {
  it('spreads them over the hosts with most memory free', () => {
    expect(plain(planProvision([demand('k', 4)], [host('a'), host('b')]))).toEqual({ counts: { a: { k: 2 }, b: { k: 2 } }, unplaced: {} });
    expect(plain(planProvision([demand('k', 3)], [host('a', {}, { memoryMb: 512 }), host('b')])).counts).toEqual({ a: { k: 1 }, b: { k: 2 } });
  });

  it('leaves them where they are', () => {
    expect(plain(planProvision([demand('k', 4)], [host('a', { k: 4 }), host('b')])).counts).toEqual({ a: { k: 4 }, b: {} });
    expect(plain(planProvision([demand('k', 5)], [host('a', { k: 4 }), host('b')])).counts).toEqual({ a: { k: 4 }, b: { k: 1 } });
  });

  it('makes up for a host that is lost, and takes back what is too much when it returns', () => {
    expect(plain(planProvision([demand('k', 4)], [host('a', { k: 2 })])).counts).toEqual({ a: { k: 4 } });
    const starting = { ...host('b'), held: [{ key: 'k', count: 2, ready: 0 }] };
    expect(plain(planProvision([demand('k', 4)], [starting, host('a', { k: 4 })])).counts).toEqual({ a: { k: 4 }, b: {} });
  });

  it('holds nothing that nobody wants any more', () => {
    expect(plain(planProvision([], [host('a', { k: 4 })]))).toEqual({ counts: { a: {} }, unplaced: {} });
  });

  it('says for how many there is no room; who came first is served first', () => {
    expect(plain(planProvision([demand('first', 6), demand('second', 6)], [host('a', {}, { memoryMb: 1_280 })]))).toEqual({ counts: { a: { first: 6, second: 4 } }, unplaced: { second: 2 } });
    expect(plain(planProvision([demand('k', 3)], []))).toEqual({ counts: {}, unplaced: { k: 3 } });
  });

  it('never gives a host more than it has room for, and loses none', () => {
    const keys = fc.constantFrom('p', 'q', 'r', 's');
    const anyHost = fc.record({
      id: fc.constantFrom('a', 'b', 'c', 'd'),
      maxSandboxes: fc.integer({ min: 0, max: 12 }),
      memoryMb: fc.integer({ min: 0, max: 4_096 }),
      held: fc.uniqueArray(fc.record({ key: keys, count: fc.integer({ min: 0, max: 9 }), ready: fc.integer({ min: 0, max: 9 }) }), { selector: ({ key }) => key }),
    });
    const anyDemand = fc.record({ key: keys, count: fc.integer({ min: 1, max: 20 }), memoryMb: fc.constantFrom(128, 512, 1_024) });
    fc.assert(
      fc.property(fc.uniqueArray(anyDemand, { selector: ({ key }) => key }), fc.uniqueArray(anyHost, { selector: ({ id }) => id }), (demands, hosts) => {
        const { counts, unplaced } = planProvision(demands, hosts);
        for (const { id, maxSandboxes, memoryMb } of hosts) {
          const given = [...counts.get(id)!];
          expect(given.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(maxSandboxes);
          expect(given.reduce((sum, [key, count]) => sum + count * demands.find((one) => one.key === key)!.memoryMb, 0)).toBeLessThanOrEqual(memoryMb);
        }
        for (const { key, count } of demands) {
          const placed = [...counts.values()].reduce((sum, held) => sum + (held.get(key) ?? 0), 0);
          expect(placed + (unplaced.get(key) ?? 0)).toBe(count);
        }
      }),
    );
  });
});
