import { alternately, median, meetsMark, ratio } from './result.js';

describe('bench results', () => {
  it('take the median of an odd and of an even number of values', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(() => median([])).toThrow();
  });

  it('measure both sides alternately, each going first in every other pair', async () => {
    const order: string[] = [];
    const side = (name: string) => async (pair: number) => {
      order.push(`${name}${pair}`);
      return pair + 1;
    };
    await alternately(3, side('h'), side('b'));
    expect(order).toEqual(['h0', 'b0', 'b1', 'h1', 'h2', 'b2']);
  });

  it('compare the median of the ratios, not the ratio of the medians', () => {
    const result = ratio('x', 'lower', 2, 'ms', [
      { hearth: 2, baseline: 1 },
      { hearth: 30, baseline: 10 },
      { hearth: 4, baseline: 4 },
    ]);
    expect(result).toMatchObject({ value: 2, min: 1, pairs: 3, sides: { hearth: 4, baseline: 4 } });
    expect(meetsMark(result)).toBe(true);
    expect(meetsMark({ ...result, better: 'higher', mark: 2.5 })).toBe(false);
    expect(meetsMark({ ...result, mark: null })).toBeUndefined();
  });
});
