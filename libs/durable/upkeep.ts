import { Recurring } from '@hearth/kernel';
import type { Logger } from '@hearth/queue';
import type { Executions } from './executions.js';

const INTERVAL_MS = 15_000;
const BATCH = 500;

/** Removes executions whose retention is over, and wakes what a scheduler forgot that died at the wrong moment. */
export function upkeep(executions: Executions, logger: Logger): Recurring {
  const { store } = executions;
  return new Recurring({
    everyMs: INTERVAL_MS,
    async run(signal) {
      executions.announce(await store.wakeForgotten());
      while (!signal.aborted && (await store.removeExpired(BATCH)) >= BATCH);
    },
    onError: (err) => logger.warn({ err }, 'the sweep of durable executions failed; it is tried again'),
  });
}
