import { EmberDemand } from './ember-demand.js';

const small = { runtime: 'nodejs22.x', memoryMb: 128 };
const large = { runtime: 'nodejs22.x', memoryMb: 1_024 };
const python = { runtime: 'python3.13', memoryMb: 0 };

it('wants one of each standing kind, and nothing else before anything was started', () => {
  expect(new EmberDemand(4).wanted(0)).toEqual([]);
  expect(new EmberDemand(4, [small, python]).wanted(0)).toEqual([small, python]);
});

it('wants as many as were started at a time', () => {
  const demand = new EmberDemand(10);
  for (const at of [0, 1_000, 2_000, 60_000]) demand.note(small, at);
  expect(demand.wanted(60_000)).toEqual([small, small, small]);
});

it('shares its places: every kind gets one before one gets its second, those asked for last first', () => {
  const demand = new EmberDemand(3, [python]);
  for (let i = 0; i < 5; i++) demand.note(small, i);
  demand.note(large, 10);
  expect(demand.wanted(10)).toEqual([large, small, python]);
  expect(new EmberDemand(0, [python]).wanted(0)).toEqual([]);
});

it('forgets what was not started for half an hour', () => {
  const demand = new EmberDemand(4, [python]);
  demand.note(small, 0);
  expect(demand.wanted(1_700_000)).toEqual([small, python]);
  expect(demand.wanted(1_900_000)).toEqual([python]);
});

it('forgets a rush that is long ago, while the function is still started now and then', () => {
  const demand = new EmberDemand(10);
  for (let i = 0; i < 6; i++) demand.note(small, i);
  for (let at = 600_000; at <= 2_400_000; at += 600_000) demand.note(small, at);
  expect(demand.wanted(2_400_000)).toEqual([small]);
});
