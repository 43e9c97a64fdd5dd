/**
 * Log lines in Postgres.
 *
 * Invariants:
 * 1. A batch is one statement, so one commit: all of it is stored, or nothing.
 * 2. The statement updates the streams' rows before it stores their lines. A deletion takes the same rows, so no line is stored for
 *    a stream that is gone: such lines are told by their stream missing in the answer.
 * 3. Lines of one batch get ids in the order they came.
 */
import type { Database } from '@hearth/database';
import type { EventPosition } from './event-position.js';

export interface NewEvent {
  streamId: string;
  /** Epoch ms. */
  timestamp: number;
  message: string;
}

export interface StoredEvent {
  streamId: string;
  streamName: string;
  timestamp: number;
  id: bigint;
  /** Epoch ms. */
  ingestion: number;
  message: string;
}

/** One read: a stream or a whole group, in either direction, from a position (itself excluded). */
export interface EventQuery {
  groupId: string;
  /** Absent: the whole group. */
  streamId?: string;
  /** Only with the whole group: names to look at, or a prefix of them. */
  streamNames?: readonly string[];
  streamPrefix?: string;
  after?: EventPosition;
  before?: EventPosition;
  /** Epoch ms, inclusive. */
  from?: number;
  /** Epoch ms, exclusive. */
  until?: number;
  newestFirst?: boolean;
  limit: number;
}

const APPEND = `
WITH batch AS MATERIALIZED (
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[]) WITH ORDINALITY AS line(stream_id, timestamp, message, place)
), sums AS MATERIALIZED (
  SELECT stream_id, min(timestamp) AS first, max(timestamp) AS last, sum(octet_length(message) + 26) AS bytes FROM batch GROUP BY stream_id
), touched AS (
  UPDATE log_streams s SET first_event_at = least(s.first_event_at, sums.first), last_event_at = greatest(s.last_event_at, sums.last),
    last_ingestion = $4, stored_bytes = s.stored_bytes + sums.bytes
  FROM sums WHERE s.id = sums.stream_id RETURNING s.id, s.group_id
), stored AS (
  INSERT INTO log_events (group_id, stream_id, timestamp, ingestion, message)
  SELECT touched.group_id, batch.stream_id, batch.timestamp, $4, batch.message FROM batch JOIN touched ON touched.id = batch.stream_id ORDER BY place
)
SELECT id FROM touched`;

export class EventStore {
  constructor(private readonly database: Database) {}

  /**
   * Stores a batch in one statement.
   * @param ingestion epoch ms
   * @returns the streams that took their lines; lines of others are not stored because the stream is gone
   */
  async append(events: readonly NewEvent[], ingestion: number): Promise<Set<string>> {
    const { rows } = await this.database.pool.query<{ id: string }>({
      name: 'logs-append',
      text: APPEND,
      values: [events.map((event) => event.streamId), events.map((event) => Math.trunc(event.timestamp)), events.map((event) => storable(event.message)), ingestion],
    });
    return new Set(rows.map((row) => row.id));
  }

  /** Events in the asked direction. */
  async read(query: EventQuery): Promise<StoredEvent[]> {
    const values: unknown[] = [];
    const value = (given: unknown) => `$${values.push(given)}`;
    const conditions = [query.streamId === undefined ? `e.group_id = ${value(query.groupId)}` : `e.stream_id = ${value(query.streamId)}`];
    if (query.streamNames !== undefined) conditions.push(`s.name = ANY(${value(query.streamNames)}::text[])`);
    if (query.streamPrefix !== undefined) conditions.push(`starts_with(s.name, ${value(query.streamPrefix)})`);
    if (query.after !== undefined) conditions.push(`(e.timestamp, e.id) > (${value(query.after.timestamp)}::bigint, ${value(query.after.id)}::bigint)`);
    if (query.before !== undefined) conditions.push(`(e.timestamp, e.id) < (${value(query.before.timestamp)}::bigint, ${value(query.before.id)}::bigint)`);
    if (query.from !== undefined) conditions.push(`e.timestamp >= ${value(query.from)}::bigint`);
    if (query.until !== undefined) conditions.push(`e.timestamp < ${value(query.until)}::bigint`);
    const order = query.newestFirst ? 'DESC' : 'ASC';
    const { rows } = await this.database.pool.query<{ stream_id: string; name: string; timestamp: string; id: string; ingestion: string; message: string }>(
      `SELECT e.stream_id, s.name, e.timestamp, e.id, e.ingestion, e.message FROM log_events e JOIN log_streams s ON s.id = e.stream_id
       WHERE ${conditions.join(' AND ')} ORDER BY e.timestamp ${order}, e.id ${order} LIMIT ${value(query.limit)}`,
      values,
    );
    return rows.map((row) => ({
      streamId: row.stream_id,
      streamName: row.name,
      timestamp: Number(row.timestamp),
      id: BigInt(row.id),
      ingestion: Number(row.ingestion),
      message: row.message,
    }));
  }
}

/** Postgres text has no NUL; a line with one must not cost its batch. */
function storable(message: string): string {
  return message.includes('\0') ? message.replaceAll('\0', '\uFFFD') : message;
}
