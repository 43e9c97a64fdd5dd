import { parseSchedule } from './schedule-expression.js';

const at = (text: string) => Date.parse(text);
const next = (expression: string, after: string, timezone?: string, anchor = after) => {
  const time = parseSchedule(expression, timezone)?.next(at(after), at(anchor));
  return time === undefined ? undefined : new Date(time).toISOString().replace('.000Z', 'Z');
};

describe('schedules', () => {
  it.each([
    ['at(2026-03-01T08:00:00)', '2026-02-01T00:00:00Z', undefined, '2026-03-01T08:00:00Z'],
    ['at(2026-03-01T08:00:00)', '2026-03-01T08:00:00Z', undefined, undefined],
    ['at(2026-03-01T08:00:00)', '2026-02-01T00:00:00Z', 'America/New_York', '2026-03-01T13:00:00Z'],
    ['rate(5 minutes)', '2026-01-01T00:02:00Z', undefined, '2026-01-01T00:07:00Z'],
    ['cron(0 8 * * ? *)', '2026-01-01T07:59:59Z', undefined, '2026-01-01T08:00:00Z'],
    ['cron(0 8 * * ? *)', '2026-01-01T08:00:00Z', undefined, '2026-01-02T08:00:00Z'],
    ['cron(0/15 8-9 ? * MON-FRI *)', '2026-01-02T09:45:00Z', undefined, '2026-01-05T08:00:00Z'],
    ['cron(30 6 ? * 2,FRI *)', '2026-01-06T00:00:00Z', undefined, '2026-01-09T06:30:00Z'],
    ['cron(0 0 L * ? *)', '2026-02-01T00:00:00Z', undefined, '2026-02-28T00:00:00Z'],
    ['cron(0 0 29 2 ? *)', '2026-03-01T00:00:00Z', undefined, '2028-02-29T00:00:00Z'],
    ['cron(0 0 ? * 6L *)', '2026-01-01T00:00:00Z', undefined, '2026-01-30T00:00:00Z'],
    ['cron(0 0 ? * FRI#2 *)', '2026-01-01T00:00:00Z', undefined, '2026-01-09T00:00:00Z'],
    ['cron(0 0 1W * ? *)', '2026-02-01T00:00:00Z', undefined, '2026-02-02T00:00:00Z'],
    ['cron(0 0 1 1 ? 2020-2025)', '2026-01-01T00:00:00Z', undefined, undefined],
    ['cron(0 0 31 2 ? *)', '2026-01-01T00:00:00Z', undefined, undefined],
    ['cron(0 9 * * ? *)', '2026-03-28T12:00:00Z', 'Europe/Berlin', '2026-03-29T07:00:00Z'],
    ['cron(30 2 * * ? *)', '2026-03-28T12:00:00Z', 'Europe/Berlin', '2026-03-29T01:30:00Z'], // The clock leaves 02:30 out: it shows 03:30 then.
    ['cron(30 2 * * ? *)', '2026-10-24T12:00:00Z', 'Europe/Berlin', '2026-10-25T00:30:00Z'],
  ])('%s after %s in %s', (expression, after, timezone, expected) => {
    expect(next(expression, after, timezone)).toBe(expected);
  });

  it('by rate count from their start', () => {
    expect(next('rate(1 hour)', '2026-01-01T00:30:00Z', undefined, '2026-01-01T00:10:00Z')).toBe('2026-01-01T01:10:00Z');
    expect(next('rate(1 hour)', '2026-01-01T00:00:00Z', undefined, '2026-01-02T00:10:00Z')).toBe('2026-01-02T00:10:00Z');
  });

  it.each([
    '', 'now', 'at(2026-02-30T00:00:00)', 'at(2026-01-01 00:00:00)', 'rate(0 minutes)', 'rate(1 minutes)', 'rate(2 minute)', 'rate(5 seconds)', 'cron(* * * * *)', 'cron(60 * * * ? *)', 'cron(* 24 * * ? *)',
    'cron(* * 1 * MON *)', 'cron(* * ? * ? *)', 'cron(* * ? * 8 *)', 'cron(*/0 * * * ? *)', 'cron(5-2 * * * ? *)', 'cron(* * * 13 ? *)', 'cron(* * * * ? 1969)',
  ])('%j is none', (text) => {
    expect(parseSchedule(text)).toBeUndefined();
  });

  it('need a timezone that exists', () => {
    expect(parseSchedule('rate(1 hour)', 'Mars/Olympus')).toBeUndefined();
  });
});
