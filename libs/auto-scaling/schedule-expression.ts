/**
 * Schedules of AWS: `at(yyyy-mm-ddThh:mm:ss)`, `rate(VALUE UNIT)`, `cron(MINUTES HOURS DAY-OF-MONTH MONTH DAY-OF-WEEK YEAR)`. Pure: times come in and go out as
 * epoch ms.
 */
import { localTime, toEpoch, validTimezone } from './local-time.js';

export interface Schedule {
  /** It happens at most once. */
  once: boolean;
  /** The first occurrence after a time. @param anchor from which a rate counts */
  next(after: number, anchor: number): number | undefined;
}

interface CronFields {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  months: ReadonlySet<number>;
  years: ReadonlySet<number> | undefined;
  matchesDay(year: number, month: number, day: number): boolean;
}

const UNIT_MS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
const [FIRST_YEAR, LAST_YEAR] = [1970, 2199];
const DAY_MS = 86_400_000;
/** A 29th of February on a given weekday comes every 28 years, but for turns of centuries. */
const MAX_DAYS_AHEAD = 41 * 366;

/** @returns undefined when it is no schedule */
export function parseSchedule(text: string, timezone = 'UTC'): Schedule | undefined {
  if (!validTimezone(timezone)) return undefined;
  const [, kind, body] = /^(at|rate|cron)\((.*)\)$/.exec(text.trim()) ?? [];
  if (kind === 'at') return at(body!, timezone);
  if (kind === 'rate') return rate(body!);
  return kind === 'cron' ? cron(body!, timezone) : undefined;
}

function at(body: string, timezone: string): Schedule | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)$/.exec(body)?.slice(1).map(Number);
  if (parts === undefined) return undefined;
  const [year, month, day, hour, minute, second] = parts as [number, number, number, number, number, number];
  if (!isDate(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined;
  const time = toEpoch({ year, month, day, hour, minute, second }, timezone);
  return { once: true, next: (after) => (time > after ? time : undefined) };
}

function rate(body: string): Schedule | undefined {
  const [, value, unit, plural] = /^([1-9]\d{0,8}) (minute|hour|day)(s?)$/.exec(body) ?? [];
  if (value === undefined || (value === '1') === (plural === 's')) return undefined;
  const period = Number(value) * UNIT_MS[unit!]!;
  return { once: false, next: (after, anchor) => (after < anchor ? anchor : anchor + (Math.floor((after - anchor) / period) + 1) * period) };
}

function cron(body: string, timezone: string): Schedule | undefined {
  const fields = body.trim().toUpperCase().split(/\s+/);
  if (fields.length !== 6) return undefined;
  const [minutes, hours] = [range(fields[0]!, 0, 59), range(fields[1]!, 0, 23)];
  const months = range(fields[3]!, 1, 12, MONTHS);
  const years = fields[5] === '*' ? undefined : range(fields[5]!, FIRST_YEAR, LAST_YEAR);
  const matchesDay = dayMatcher(fields[2]!, fields[4]!);
  if (!minutes || !hours || !months || (fields[5] !== '*' && !years) || !matchesDay) return undefined;
  const parsed: CronFields = { minutes, hours, months, years, matchesDay };
  return { once: false, next: (after) => nextOfCron(parsed, after, timezone) };
}

function nextOfCron(cronFields: CronFields, after: number, timezone: string): number | undefined {
  const start = localTime(after, timezone);
  const [minutes, hours] = [[...cronFields.minutes].sort(ascending), [...cronFields.hours].sort(ascending)];
  for (let ahead = 0; ahead < MAX_DAYS_AHEAD; ahead++) {
    const date = new Date(Date.UTC(start.year, start.month - 1, start.day) + ahead * DAY_MS);
    const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
    if (cronFields.years && !cronFields.years.has(year)) {
      if (year > Math.max(...cronFields.years)) return undefined;
      continue;
    }
    if (!cronFields.months.has(month) || !cronFields.matchesDay(year, month, day)) continue;
    for (const hour of hours) {
      for (const minute of minutes) {
        const time = toEpoch({ year, month, day, hour, minute, second: 0 }, timezone);
        if (time > after) return time;
      }
    }
  }
  return undefined;
}

/** One of the two fields is `?`: the other decides. Two stars are every day. */
function dayMatcher(ofMonth: string, ofWeek: string): ((year: number, month: number, day: number) => boolean) | undefined {
  if (ofMonth !== '?' && ofWeek !== '?') return ofMonth === '*' && ofWeek === '*' ? () => true : undefined;
  if (ofWeek === '?') return ofMonth === '?' ? undefined : monthDayMatcher(ofMonth);
  const last = /^(?:([1-7])|(SUN|MON|TUE|WED|THU|FRI|SAT))L$/.exec(ofWeek);
  if (last) {
    const wanted = last[1] === undefined ? DAYS.indexOf(last[2]!) : Number(last[1]) - 1;
    return (year, month, day) => weekday(year, month, day) === wanted && day + 7 > daysIn(year, month);
  }
  const nth = /^([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#([1-5])$/.exec(ofWeek);
  if (nth) {
    const wanted = DAYS.includes(nth[1]!) ? DAYS.indexOf(nth[1]!) : Number(nth[1]) - 1;
    return (year, month, day) => weekday(year, month, day) === wanted && Math.ceil(day / 7) === Number(nth[2]);
  }
  const days = range(ofWeek === 'L' ? '7' : ofWeek, 1, 7, DAYS);
  return days && ((year, month, day) => days.has(weekday(year, month, day) + 1));
}

function monthDayMatcher(text: string): ((year: number, month: number, day: number) => boolean) | undefined {
  if (text === 'L') return (year, month, day) => day === daysIn(year, month);
  const near = /^(\d{1,2})W$/.exec(text);
  if (near) {
    const wanted = Number(near[1]);
    if (wanted < 1 || wanted > 31) return undefined;
    return (year, month, day) => wanted <= daysIn(year, month) && day === nearestWorkday(year, month, wanted);
  }
  const days = range(text, 1, 31);
  return days && ((_year, _month, day) => days.has(day));
}

/** Never in another month. */
function nearestWorkday(year: number, month: number, day: number): number {
  const of = weekday(year, month, day);
  if (of === 6) return day === 1 ? 3 : day - 1;
  if (of === 0) return day === daysIn(year, month) ? day - 2 : day + 1;
  return day;
}

/** `*`, numbers, names, `a-b`, `a/step`, `*` with a step, in lists. */
function range(text: string, min: number, max: number, names: readonly string[] = []): Set<number> | undefined {
  const found = new Set<number>();
  const value = (part: string): number => (names.includes(part) ? names.indexOf(part) + 1 : /^\d{1,4}$/.test(part) ? Number(part) : Number.NaN);
  for (const part of text.split(',')) {
    const [, from, to, step] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d{1,4}))?$/.exec(part) ?? [];
    if (from === undefined || (from === '*' && to !== undefined) || step === '0') return undefined;
    const first = from === '*' ? min : value(from);
    const last = to !== undefined ? value(to) : from === '*' || step !== undefined ? max : first;
    if (!(first >= min && last <= max && first <= last)) return undefined;
    for (let each = first; each <= last; each += Number(step ?? 1)) found.add(each);
  }
  return found;
}

function isDate(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** 0 is Sunday. */
function weekday(year: number, month: number, day: number): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay();
}

function ascending(a: number, b: number): number {
  return a - b;
}
