import fc from 'fast-check';
import { LogAssembler, MAX_LINE_BYTES } from './log-assembler.js';
import { LogTail, TAIL_BYTES } from './log-tail.js';

function assemble(chunks: Buffer[]): string[] {
  const lines: string[] = [];
  const assembler = new LogAssembler((line) => lines.push(line));
  for (const chunk of chunks) assembler.push(chunk);
  assembler.flush();
  return lines;
}

describe('the log assembler', () => {
  it('finds the lines however the stream is cut, also inside a character', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''))), fc.array(fc.nat()), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        expect(assemble(ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end)))).toEqual(lines.map((line) => line.toWellFormed()));
      }),
    );
  });

  it('keeps carriage returns inside a record, and gives what has no line feed when asked', () => {
    expect(assemble([Buffer.from('a\rb\nrest')])).toEqual(['a\rb', 'rest']);
  });

  it('cuts a record that is too long', () => {
    const lines = assemble([Buffer.alloc(MAX_LINE_BYTES * 2 + 5, 'x'), Buffer.from('\nnext\n')]);
    expect(lines.map((line) => line.length)).toEqual([MAX_LINE_BYTES, MAX_LINE_BYTES, 5, 4]);
  });
});

describe('the log tail', () => {
  it('is the last 4 KB of the lines', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 3_000 })), (lines) => {
        const tail = new LogTail();
        for (const line of lines) tail.add(line);
        const whole = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        expect(tail.bytes()).toEqual(whole.subarray(Math.max(0, whole.length - TAIL_BYTES)));
      }),
    );
  });

  it('does not begin inside a character', () => {
    const tail = new LogTail();
    tail.add('€'.repeat(2_000));
    expect(tail.bytes().toString()).toBe(`${'€'.repeat(1_365)}\n`);
  });
});
