import fc from 'fast-check';
import { comparePositions, endOfBlock, FIRST_POSITION, readPosition, writePosition } from './event-position.js';

const position = fc.record({ timestamp: fc.nat({ max: Number.MAX_SAFE_INTEGER }), block: fc.nat({ max: 2 ** 49 }), index: fc.nat({ max: 2 ** 14 - 1 }) });

it('is read as it was written, and sorts as text', () => {
  fc.assert(
    fc.property(position, position, (left, right) => {
      expect(readPosition(writePosition(left))).toEqual(left);
      const order = Math.sign(comparePositions(left, right));
      expect(writePosition(left) < writePosition(right)).toBe(order < 0);
      expect(writePosition(left) === writePosition(right)).toBe(order === 0);
    }),
  );
});

it('has a first one, and an end of each block', () => {
  expect(readPosition(writePosition(FIRST_POSITION))).toEqual(FIRST_POSITION);
  const end = endOfBlock(5, 7);
  expect(comparePositions({ timestamp: 5, block: 7, index: 9_999 }, end)).toBeLessThan(0);
  expect(comparePositions(end, { timestamp: 5, block: 8, index: 0 })).toBeLessThan(0);
});

it.each(['', '1', '9'.repeat(56), 'x'.repeat(56), '-'.padEnd(56, '1')])('refuses %j', (text) => {
  expect(readPosition(text)).toBeUndefined();
});
