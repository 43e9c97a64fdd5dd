import { BriefWaits, type InUse } from './brief-waits.js';

/** A sandbox in use with room for events ahead of their turn. */
class Used implements InUse {
  taken: number[] = [];
  hasAhead = false;

  constructor(public aheadRoom = 0) {}

  takeBack(before: number): void {
    this.taken.push(before);
    this.hasAhead = false;
  }
}


it('is worthwhile only without CPU to spare, and while enough of the key are busy', () => {
  let saturated = false;
  const waits = new BriefWaits<Used>({ enough: 2, saturated: () => saturated });
  const used = new Used();
  waits.begin('a', used);
  waits.begin('a', new Used());
  expect(waits.worthwhile('a')).toBe(false);
  saturated = true;
  expect(waits.worthwhile('a')).toBe(true);
  expect(waits.worthwhile('b')).toBe(false);
  waits.end('a', used);
  expect(waits.worthwhile('a')).toBe(false);
});

it('gives what becomes free to those who wait for its key, in their order', async () => {
  const waits = new BriefWaits<Used>({ enough: 1, saturated: () => true });
  const [first, second, other] = [waits.wait('a'), waits.wait('a'), waits.wait('b')];
  const free = [new Used(), new Used(), new Used()] as const;
  expect(waits.give('a', free[0])).toBe(true);
  expect(waits.give('a', free[1])).toBe(true);
  expect(waits.give('a', free[2])).toBe(false);
  expect(waits.give('b', free[2])).toBe(true);
  const given = await Promise.all([first, second, other]);
  expect(given.map((one, index) => one === free[index])).toEqual([true, true, true]);
});

it('lets everybody go after the longest wait, also those who came while others waited', async () => {
  const waits = new BriefWaits<Used>({ enough: 1, saturated: () => true });
  const first = waits.wait('a');
  await new Promise((resolve) => setImmediate(resolve));
  const second = waits.wait('a');
  expect(await first).toBeUndefined();
  expect(await second).toBeUndefined();
  expect(waits.give('a', new Used())).toBe(false);
});

it('sends ahead to the one with the most room, and has what did not begin in time taken back', async () => {
  const waits = new BriefWaits<Used>({ enough: 1, saturated: () => true });
  const [full, little, much] = [new Used(0), new Used(1), new Used(3)];
  expect(waits.takesAhead('a')).toBeUndefined();
  waits.begin('a', full);
  expect(waits.takesAhead('a')).toBeUndefined();
  waits.begin('a', little);
  waits.begin('a', much);
  waits.begin('b', new Used(8));
  const sentAt = performance.now();
  expect(waits.takesAhead('a')).toBe(much);
  much.hasAhead = true;
  while (much.taken.length === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(much.taken[0]).toBeGreaterThanOrEqual(sentAt - 1); // Timers know whole milliseconds.
  expect(little.taken).toEqual([]);
});

it('pauses for a key whose sandboxes do not become free', () => {
  const waits = new BriefWaits<Used>({ enough: 1, saturated: () => true });
  waits.begin('a', new Used());
  waits.begin('b', new Used());
  const both = () => [waits.worthwhile('a'), waits.worthwhile('b')];
  waits.waited('a', true);
  expect(both()).toEqual([true, true]);
  for (let served = 0; served < 10; served++) waits.waited('a', false);
  waits.waited('a', true);
  expect(both()).toEqual([true, true]);
  waits.waited('a', true);
  expect(both()).toEqual([false, true]);
});
