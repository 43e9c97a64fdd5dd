import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 50;

/**
 * Polls until `look` gives something other than undefined or false.
 * @throws when the deadline passes, naming what was waited for
 */
export async function until<T>(what: string, deadlineMs: number, look: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > end) throw new Error(`Gave up after ${deadlineMs} ms: ${what}`);
    await wait(POLL_MS);
  }
}
