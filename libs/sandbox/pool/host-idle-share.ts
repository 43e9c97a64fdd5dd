import { readFileSync } from 'node:fs';

let last: { idle: number; all: number } | undefined;

/** Share of the machine's CPU time that was idle since the last call, 0 to 1; 1 where that cannot be known. */
export function hostIdleShare(): number {
  const now = read();
  const before = last;
  last = now;
  if (now === undefined || before === undefined || now.all === before.all) return 1;
  return (now.idle - before.idle) / (now.all - before.all);
}

/** First line of /proc/stat: user nice system idle iowait irq softirq steal ... */
function read(): { idle: number; all: number } | undefined {
  try {
    const text = readFileSync('/proc/stat', 'utf8');
    const times = text.slice(0, text.indexOf('\n')).trim().split(/\s+/).slice(1, 9).map(Number);
    return { idle: times[3]! + times[4]!, all: times.reduce((sum, time) => sum + time, 0) };
  } catch {
    // Another system than Linux.
    return undefined;
  }
}
