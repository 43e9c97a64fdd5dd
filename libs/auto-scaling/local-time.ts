/** A reading of clock and calendar in some timezone. */
export interface LocalTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Names of the IANA database, as the runtime knows them. */
export function validTimezone(name: string): boolean {
  try {
    return formatOf(name) !== undefined;
  } catch {
    return false; // RangeError: no such timezone.
  }
}

export function localTime(epochMs: number, timezone: string): LocalTime {
  const parts = Object.fromEntries(formatOf(timezone).formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]));
  return { year: parts['year']!, month: parts['month']!, day: parts['day']!, hour: parts['hour']!, minute: parts['minute']!, second: parts['second']! };
}

/** When the clock there shows this; of a time that a change of the clock leaves out, as much later. Of one that comes twice the first. */
export function toEpoch(local: LocalTime, timezone: string): number {
  const asUtc = utcOf(local);
  const offsets = [asUtc - 86_400_000, asUtc + 86_400_000].map((near) => utcOf(localTime(near, timezone)) - near);
  const candidates = offsets.map((offset) => asUtc - offset).sort((a, b) => a - b);
  const exact = candidates.find((candidate) => utcOf(localTime(candidate, timezone)) === asUtc);
  return exact ?? candidates.at(-1)!;
}

function utcOf({ year, month, day, hour, minute, second }: LocalTime): number {
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

function formatOf(timezone: string): Intl.DateTimeFormat {
  let format = formats.get(timezone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
    formats.set(timezone, format);
  }
  return format;
}
