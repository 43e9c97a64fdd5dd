import { ScalingRate } from './scaling-rate.js';

describe('the rate at which a function may start sandboxes', () => {
  it('is 1,000 at once and 1,000 more in 10 s, continuously, for each function by itself', () => {
    const rate = new ScalingRate();
    const started = (name: string, now: number) => {
      let count = 0;
      while (rate.take(name, now) === 0) count += 1;
      return count;
    };
    expect(started('a', 0)).toBe(1_000);
    expect(started('b', 0)).toBe(1_000);
    expect(rate.take('a', 5)).toBe(5); // Half a token is there.
    expect(started('a', 100)).toBe(10);
    expect(started('a', 10_100)).toBe(1_000);
    expect(started('a', 1_000_000)).toBe(1_000); // Nothing is saved up.
  });

  it('forgets functions that are at rest, and those only', () => {
    const rate = new ScalingRate(10);
    for (let count = 0; count < 10; count++) rate.take('a', 0);
    rate.sweep(5_000);
    expect(rate.take('a', 5_000)).toBe(0);
    expect([1, 2, 3, 4, 5].map(() => rate.take('a', 5_000) === 0)).toEqual([true, true, true, true, false]);
    rate.sweep(60_000);
    expect(rate.take('a', 60_000)).toBe(0);
  });
});
