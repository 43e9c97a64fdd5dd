import type { InvocationOutcome } from './function-spec.js';
import { ProcessDriver } from './drivers/process-driver.js';
import { RuntimeCatalogue } from './runtime-catalogue.js';
import { answerOf, Bench, requestFor, specFor, until } from './testing/bench.js';

const catalogue = RuntimeCatalogue.load();
const linesOf = ({ logTail }: InvocationOutcome) => Buffer.from(logTail).toString().trimEnd().split('\n').map((line) => line.split('\t').at(-1)!);

/** As on a machine without CPU to spare: one sandbox in use is enough for others to wait for it. */
describe('events sent ahead of their turn', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open((place) => new ProcessDriver({ ...place, catalogue }), { maxStarts: 4 }, undefined, { briefWaits: { enough: 1, saturated: () => true } });
  });
  afterAll(() => bench.close());

  it('are answered each with its own result and its own log', async () => {
    const spec = specFor('node');
    await bench.invoke(spec, { probe: 'count' });
    for (let round = 0; round < 40; round++) {
      const outcomes = await Promise.all(Array.from({ length: 7 }, (_, index) => bench.invoke(spec, { probe: 'print', lines: [`${round} ${index} a`, `${round} ${index} b`] })));
      outcomes.forEach((outcome, index) => {
        const lines = linesOf(outcome);
        expect(lines.slice(1, -2)).toEqual([`${round} ${index} a`, `${round} ${index} b`, 'last, without line feed']);
        expect([lines[0], lines.at(-2)]).toEqual([expect.stringMatching(/^START /), expect.stringMatching(/^END /)]);
      });
    }
    expect(bench.pool.stats().ahead).toBeGreaterThan(0);
  });

  it('run exactly once, whatever they wait for', async () => {
    const spec = specFor('node');
    const outcomes = await Promise.all(Array.from({ length: 400 }, (_, index) => bench.invoke(spec, { probe: 'tally', ms: index % 29 === 0 ? 20 : 0 })));
    const bySandbox = Map.groupBy(outcomes.map(answerOf), ({ pid }) => pid as number);
    for (const answers of bySandbox.values()) {
      const numbers = answers.map(({ number }) => number as number).sort((a, b) => a - b);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
  });

  it('go elsewhere when what they wait for takes long, ends its runtime or times out', async () => {
    for (const event of [{ probe: 'tally', ms: 400 }, { probe: 'exit', status: 3 }, { probe: 'kill' }, { probe: 'never' }]) {
      const spec = specFor('node', { timeoutSeconds: 1 });
      await bench.invoke(spec, { probe: 'count' });
      const first = bench.invoke(spec, event);
      const behind = await Promise.all(Array.from({ length: 5 }, () => bench.invoke(spec, { probe: 'echo', value: 1 })));
      expect(behind.map((outcome) => [outcome.status, answerOf(outcome)])).toEqual(Array(5).fill(['success', 1]));
      expect((await first).status).toBe(event.probe === 'tally' ? 'success' : event.probe === 'never' ? 'timeout' : 'error');
    }
  });
});

it('a sandbox whose answer is out serves whoever comes at once, before its log is settled', async () => {
  const bench = await Bench.open((place) => new ProcessDriver({ ...place, catalogue }));
  try {
    const spec = specFor('node');
    const once = (value: number) => bench.pool.invoke({ ...requestFor(spec, { probe: 'print', lines: [`line ${value}`] }), answerOnly: true });
    for (let value = 0; value < 20; value++) {
      const outcome = await once(value);
      expect([outcome.status, outcome.coldStart]).toEqual(['success', value === 0]);
    }
    expect(bench.pool.stats().started).toBe(1);
    await until(() => bench.lines.filter((line) => line.startsWith('REPORT ')).length === 20, 'every REPORT is in the log');
    // In order: an invocation's lines stand between its START and its END.
    const marks = bench.lines.map((line) => /^(START|END|REPORT)/.exec(line)?.[0] ?? line.split('\t').at(-1)!);
    const one = (value: number) => ['START', `line ${value}`, 'last, without line feed', 'END', 'REPORT'];
    expect(marks.slice(1)).toEqual(Array.from({ length: 20 }, (_, value) => one(value)).flat());
  } finally {
    await bench.close();
  }
});
