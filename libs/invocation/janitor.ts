import { Recurring } from '@hearth/kernel';
import type { Logger } from '@hearth/queue';
import type { EventStore } from './event-store.js';

const INTERVAL_MS = 15_000;
const BATCH = 2_000;

/** Deletes the records of ended events when their time is over, in small batches. */
export function janitor(store: Pick<EventStore, 'deleteExpired'>, logger: Logger): Recurring {
  return new Recurring({
    everyMs: INTERVAL_MS,
    async run(signal) {
      while (!signal.aborted && (await store.deleteExpired(BATCH)) >= BATCH);
    },
    onError: (err) => logger.warn({ err }, 'records of ended events could not be deleted; tried again later'),
  });
}
