import type { Database } from '@hearth/database';
import { ServiceError } from '@hearth/kernel';
import { HAND_OUT_MS } from './backlog.js';
import { Batches } from './batches.js';
import type { EventHints } from './event-hints.js';

export interface FreshEvent {
  /** UUID: the request id. */
  id: string;
  accountId: string;
  region: string;
  functionName: string;
  qualifier?: string;
  payload: Buffer;
  clientContext?: string;
  traceHeader: string;
  /** Event invoke config of its qualifier at acceptance; absent: the deployment's default. */
  maxAgeMs?: number;
}

const MAX_BATCH_ROWS = 256;
const MAX_BATCH_BYTES = 4_194_304;

const INSERT_SQL = `
INSERT INTO async_events (id, account_id, region, function_name, qualifier, payload, client_context, trace_header, dispatches, dispatched_until, expires_at)
SELECT id, account_id, region, function_name, qualifier, payload, client_context, trace_header, dispatches,
  CASE WHEN dispatches > 0 THEN now() + $10 * interval '1 ms' END, now() + max_age_ms * interval '1 ms'
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::text[], $9::int[], $11::float8[])
  AS fresh (id, account_id, region, function_name, qualifier, payload, client_context, trace_header, dispatches, max_age_ms)`;

/** Makes events durable. `accept` resolves only after COMMIT: a single INSERT outside a transaction commits before it answers. */
export class EventAcceptor {
  readonly #inserts = new Batches<FreshEvent, void>({
    run: (events) => this.#insert(events),
    maxItems: MAX_BATCH_ROWS,
    weigh: (event) => event.payload.length,
    maxWeight: MAX_BATCH_BYTES,
  });

  constructor(
    private readonly database: Database,
    private readonly hints: EventHints,
    private readonly maxAgeMs: number,
  ) {}

  /** @throws ServiceError ServiceException (503) when Postgres did not confirm; the event may or may not run then */
  async accept(event: FreshEvent): Promise<void> {
    try {
      await this.#inserts.add(event);
    } catch (error) {
      throw new ServiceError('ServiceException', 503, 'The event could not be stored. Try again.', { messageMember: 'Message', cause: error });
    }
  }

  async #insert(events: readonly FreshEvent[]): Promise<void[]> {
    const announced = this.hints.reserve(events.length);
    await this.database.pool.query({
      name: 'hearth-event-accept',
      text: INSERT_SQL,
      values: [
        events.map((event) => event.id),
        events.map((event) => event.accountId),
        events.map((event) => event.region),
        events.map((event) => event.functionName),
        events.map((event) => event.qualifier ?? null),
        events.map((event) => event.payload),
        events.map((event) => event.clientContext ?? null),
        events.map((event) => event.traceHeader),
        events.map((_, index) => (index < announced ? 1 : 0)),
        HAND_OUT_MS,
        events.map((event) => event.maxAgeMs ?? this.maxAgeMs),
      ],
    });
    if (announced > 0) this.hints.send(events.slice(0, announced).map(({ id }) => ({ id, dispatch: 1 })));
    return [];
  }
}
