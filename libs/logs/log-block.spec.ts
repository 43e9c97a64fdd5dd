import fc from 'fast-check';
import { cutBlocks, eventBytes, MAX_BLOCK_SPAN_MS, unpackLines } from './log-block.js';

const event = fc.record({ timestamp: fc.nat({ max: 300_000 }), message: fc.string({ unit: 'binary' }) });

it('keeps every line in order, in blocks of at most a minute', () => {
  fc.assert(
    fc.property(fc.array(event), (events) => {
      const blocks = cutBlocks('1', events);
      expect(blocks.flatMap(({ lines }) => unpackLines(lines))).toEqual(events);
      for (const { firstAt, lastAt, bytes, lines } of blocks) {
        const held = unpackLines(lines);
        expect(firstAt).toBe(Math.min(...held.map(({ timestamp }) => timestamp)));
        expect(lastAt).toBe(Math.max(...held.map(({ timestamp }) => timestamp)));
        expect(lastAt - firstAt).toBeLessThanOrEqual(MAX_BLOCK_SPAN_MS);
        expect(bytes).toBe(held.reduce((sum, { message }) => sum + eventBytes(message), 0));
      }
    }),
  );
});

it('bounds lines and bytes of a block; a larger line stands alone', () => {
  const many = cutBlocks('1', Array.from({ length: 2_500 }, () => ({ timestamp: 1, message: 'x' })));
  expect(many.map(({ lines }) => unpackLines(lines).length)).toEqual([1_000, 1_000, 500]);
  const large = cutBlocks('1', ['a', 'b'.repeat(1_000_000), 'c'].map((message) => ({ timestamp: 1, message })));
  expect(large).toHaveLength(3);
});

it('keeps NUL and lone surrogates, which Postgres text cannot hold', () => {
  const message = 'a\0b\ud800c';
  expect(unpackLines(cutBlocks('1', [{ timestamp: 1, message }])[0]!.lines)[0]!.message).toBe(message);
});
