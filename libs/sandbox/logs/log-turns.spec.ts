import fc from 'fast-check';
import { LogTurns } from './log-turns.js';

function logOf(): { turns: LogTurns; lines: string[] } {
  const lines = [''];
  const turns = new LogTurns((bytes) => (lines[lines.length - 1] += bytes.toString('latin1')));
  return { turns, lines };
}

it('gives bytes on at once, those before any mark', () => {
  const { turns, lines } = logOf();
  turns.push(Buffer.from('a\nb'));
  expect(lines).toEqual(['a\nb']);
});

it('whatever the pieces and whenever the worker looks, bytes belong to the turn that they were written in', () => {
  const text = fc.array(fc.constantFrom('x', 'line\n', '\0', '\0\0'), { maxLength: 4 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 6 }), fc.array(fc.nat(40), { maxLength: 30 }), fc.array(fc.boolean(), { maxLength: 60 }), (turns, cuts, looks) => {
      const { turns: log, lines } = logOf();
      const whole = Buffer.from(turns.join(log.mark), 'latin1');
      const ends = turns.map((_, index) => Buffer.byteLength(turns.slice(0, index + 1).join(log.mark), 'latin1'));
      let at = 0;
      let begun = 1;
      const begin = () => {
        log.flush();
        lines.push('');
        log.next();
        begun += 1;
      };
      for (const cut of [...cuts, whole.length]) {
        // A mark is read in pieces only while more is there to be read.
        do {
          log.push(whole.subarray(at, at + cut));
          at = Math.min(whole.length, at + cut);
        } while (cut > 0 && ends.some((end) => at > end && at < end + log.mark.length));
        // The answer to a turn comes after all that was written in it, and what the worker reads before it looks at the answer.
        while (begun < turns.length && at >= ends[begun - 1]! && (looks.pop() ?? true)) begin();
      }
      while (begun < turns.length) begin();
      log.flush();
      expect(lines).toEqual(turns);
    }),
  );
});
