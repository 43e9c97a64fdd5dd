import { Rhythm, Rhythms } from './keep-alive.js';

const BOUNDS = { defaultMs: 600_000, minMs: 60_000, maxMs: 3_600_000 };
const MINUTE = 60_000;

function rhythmOf(...gaps: [times: number, ms: number][]): Rhythm {
  const rhythm = new Rhythm();
  for (const [times, ms] of gaps) for (let i = 0; i < times; i++) rhythm.note(ms);
  return rhythm;
}

it('keeps a function without a rhythm for the default time', () => {
  expect(new Rhythm().keepMs(BOUNDS)).toBe(600_000);
  expect(rhythmOf([9, 1_000]).keepMs(BOUNDS)).toBe(600_000);
});

it('keeps a little longer than 99 of 100 gaps', () => {
  const keep = rhythmOf([99, 5 * MINUTE], [1, 50 * MINUTE]).keepMs(BOUNDS);
  expect(keep).toBeGreaterThan(5 * MINUTE);
  expect(keep).toBeLessThan(5 * MINUTE * Math.SQRT2 * 1.2);
});

it('gives memory back soon when calls follow one another closely', () => {
  expect(rhythmOf([500, 20]).keepMs(BOUNDS)).toBe(BOUNDS.minMs);
});

it('keeps a function that is called every half hour until its next call', () => {
  expect(rhythmOf([20, 30 * MINUTE]).keepMs(BOUNDS)).toBeGreaterThan(30 * MINUTE);
});

it('does not wait for calls that come later than it may wait', () => {
  expect(rhythmOf([20, 120 * MINUTE]).keepMs(BOUNDS)).toBe(BOUNDS.minMs);
  expect(rhythmOf([20, 10 * MINUTE], [5, 120 * MINUTE]).keepMs(BOUNDS)).toBe(BOUNDS.maxMs);
});

it('forgets a former rhythm', () => {
  const rhythm = rhythmOf([5_000, 40 * MINUTE], [5_000, 20]);
  expect(rhythm.keepMs(BOUNDS)).toBe(BOUNDS.minMs);
});

it('knows the functions called last, each version by itself', () => {
  const rhythms = new Rhythms(2);
  const version = (name: string) => ({ accountId: 'a', region: 'r', functionName: 'f', version: name });
  const first = rhythms.of(version('1'));
  expect(rhythms.of(version('2'))).not.toBe(first);
  expect(rhythms.of(version('1'))).toBe(first);
  rhythms.of(version('3'));
  expect(rhythms.of(version('1'))).toBe(first);
  rhythms.of(version('4'));
  rhythms.of(version('5'));
  expect(rhythms.of(version('1'))).not.toBe(first);
});
