import { BriefWaits } from './brief-waits.js';

it('is worthwhile only without CPU to spare, and while enough of the key are busy', () => {
  let saturated = false;
  const waits = new BriefWaits<string>({ enough: 2, saturated: () => saturated });
  waits.begin('a');
  waits.begin('a');
  expect(waits.worthwhile('a')).toBe(false);
  saturated = true;
  expect(waits.worthwhile('a')).toBe(true);
  expect(waits.worthwhile('b')).toBe(false);
  waits.end('a');
  expect(waits.worthwhile('a')).toBe(false);
});

it('gives what becomes free to those who wait for its key, in their order', async () => {
  const waits = new BriefWaits<string>({ enough: 1, saturated: () => true });
  const [first, second, other] = [waits.wait('a'), waits.wait('a'), waits.wait('b')];
  expect(waits.give('a', 'one')).toBe(true);
  expect(waits.give('a', 'two')).toBe(true);
  expect(waits.give('a', 'three')).toBe(false);
  expect(waits.give('b', 'four')).toBe(true);
  expect(await Promise.all([first, second, other])).toEqual(['one', 'two', 'four']);
});

it('lets everybody go after the longest wait, also those who came while others waited', async () => {
  const waits = new BriefWaits<string>({ enough: 1, saturated: () => true });
  const first = waits.wait('a');
  await new Promise((resolve) => setImmediate(resolve));
  const second = waits.wait('a');
  expect(await first).toBeUndefined();
  expect(await second).toBeUndefined();
  expect(waits.give('a', 'late')).toBe(false);
});
