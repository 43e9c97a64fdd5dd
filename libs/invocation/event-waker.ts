import type { Database } from '@hearth/database';
import type { Logger, QueueConnection } from '@hearth/queue';
import type { PoolClient } from 'pg';
import { Backlog, HAND_OUT_MS, type HandOut } from './backlog.js';
import { EventHints } from './event-hints.js';
import { EVENT_QUEUE } from './event-pointer.js';

/** Makes events due before their time: because what they waited for came. */
export class EventWaker {
  readonly #hints: EventHints;

  constructor(
    private readonly database: Database,
    queue: QueueConnection,
    /** Hints are sent while fewer jobs than this wait. */
    maxWaiting: number,
    private readonly logger: Logger,
  ) {
    this.#hints = new EventHints(queue.queue(EVENT_QUEUE), new Backlog(database), maxWaiting, logger);
  }

  /** In the transaction of what they waited for. One that runs at this moment is left alone: its holder looks again when it stored its result. */
  async wakeWithin(client: PoolClient, ids: readonly string[]): Promise<void> {
    await client.query(`UPDATE async_events SET due_at = now(), dispatched_until = NULL WHERE id = ANY($1::uuid[]) AND status = 'queued' AND due_at > now()`, [ids]);
  }

  /** After the commit: lets them start within milliseconds. Does not wait and does not fail; what is not announced, the reconciler finds. */
  announce(ids: readonly string[]): void {
    this.#announce(ids).catch((error: unknown) => this.logger.debug({ err: error, events: ids.length }, 'events that are due could not be announced; the reconciler will find them'));
  }

  async #announce(ids: readonly string[]): Promise<void> {
    const granted = this.#hints.reserve(ids.length);
    if (granted === 0) return;
    const { rows } = await this.database.pool.query<HandOut>(
      `UPDATE async_events SET dispatches = dispatches + 1, dispatched_until = now() + $2 * interval '1 ms'
       WHERE id = ANY($1::uuid[]) AND status = 'queued' AND due_at <= now() AND (dispatched_until IS NULL OR dispatched_until <= now())
       RETURNING id, dispatches AS dispatch`,
      [ids.slice(0, granted), HAND_OUT_MS],
    );
    if (rows.length > 0) this.#hints.send(rows);
  }
}
