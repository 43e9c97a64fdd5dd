/**
 * Blocks of log lines in Postgres.
 *
 * Invariants:
 * 1. A batch is one statement, so one commit: all of it is stored, or nothing.
 * 2. The statement takes the streams' rows, in the order of their ids, before it stores their lines. A deletion takes the same rows in
 *    the same order, so no line is stored for a stream that is gone: such streams are missing in the answer.
 * 3. Blocks of one batch get ids in the order they came, and a later batch gets later ones.
 */
import type { Database } from '@hearth/database';
import { MAX_BLOCK_SPAN_MS, type NewBlock } from './log-block.js';

export interface StoredBlock {
  id: number;
  streamName: string;
  /** Epoch ms. */
  firstAt: number;
  lastAt: number;
  ingestion: number;
  lines: Buffer;
}

/** Blocks of a group, or of some of its streams, that reach into a range of time. */
export interface BlockRange {
  groupId: string;
  /** Absent: the whole group. */
  streamIds?: readonly string[];
  /** Epoch ms, inclusive. */
  from: number;
  /** Epoch ms, exclusive. */
  until: number;
}

/** Where the page before ended: time (first_at, or last_at when newest come first) and id of its last block. */
export interface BlockCursor {
  time: number;
  id: number;
}

const APPEND = `
WITH batch AS MATERIALIZED (
  SELECT b.stream_id, b.first_at, b.last_at, b.bytes, substr($7::bytea, b.start, b.length) AS lines, b.place
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::int[], $5::int[], $8::int[]) WITH ORDINALITY AS b(stream_id, first_at, last_at, bytes, start, length, place)
), sums AS MATERIALIZED (
  SELECT stream_id, min(first_at) AS first_at, max(last_at) AS last_at, sum(bytes) AS bytes FROM batch GROUP BY stream_id
), locked AS MATERIALIZED (
  SELECT id, group_id FROM log_streams WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
), touched AS (
  UPDATE log_streams s SET first_event_at = least(s.first_event_at, sums.first_at), last_event_at = greatest(s.last_event_at, sums.last_at),
    last_ingestion = $6, stored_bytes = s.stored_bytes + sums.bytes
  FROM sums JOIN locked ON locked.id = sums.stream_id WHERE s.id = locked.id
), stored AS (
  INSERT INTO log_blocks (group_id, stream_id, first_at, last_at, ingestion, bytes, lines)
  SELECT locked.group_id, b.stream_id, b.first_at, b.last_at, $6, b.bytes, b.lines FROM batch b JOIN locked ON locked.id = b.stream_id ORDER BY b.place
)
SELECT id FROM locked`;

interface BlockRow {
  id: string;
  name: string;
  first_at: string;
  last_at: string;
  ingestion: string;
  lines: Buffer;
}

export class BlockStore {
  constructor(private readonly database: Database) {}

  /**
   * Stores a batch in one statement.
   * @param ingestion epoch ms
   * @returns the streams that took their lines; lines of others are not stored because the stream is gone
   */
  async append(blocks: readonly NewBlock[], ingestion: number): Promise<Set<string>> {
    const column = <Key extends keyof NewBlock>(key: Key) => blocks.map((block) => block[key]);
    const starts: number[] = [];
    let size = 0;
    for (const { lines } of blocks) {
      starts.push(size + 1);
      size += lines.length;
    }
    // One value for the lines of all blocks: it travels as bytes, elements of an array would as hexadecimal text.
    const lines = Buffer.concat(column('lines'), size);
    const values = [column('streamId'), column('firstAt'), column('lastAt'), column('bytes'), starts, ingestion, lines, blocks.map((block) => block.lines.length)];
    const { rows } = await this.database.pool.query<{ id: string }>({ name: 'logs-append', text: APPEND, values });
    return new Set(rows.map((row) => row.id));
  }

  /** The next blocks by their first line, oldest first. */
  oldestFirst(range: BlockRange, after: BlockCursor | undefined, limit: number): Promise<StoredBlock[]> {
    const { time, id } = after ?? { time: range.from - MAX_BLOCK_SPAN_MS, id: -1 };
    return this.blocks(range, limit, { order: 'b.first_at, b.id', beyond: '(b.first_at, b.id) >', time, id });
  }

  /** The next blocks by their last line, newest first. */
  newestFirst(range: BlockRange, before: BlockCursor | undefined, limit: number): Promise<StoredBlock[]> {
    const { time, id } = before ?? { time: Math.min(range.until + MAX_BLOCK_SPAN_MS, Number.MAX_SAFE_INTEGER), id: Number.MAX_SAFE_INTEGER };
    return this.blocks(range, limit, { order: 'b.last_at DESC, b.id DESC', beyond: '(b.last_at, b.id) <', time, id });
  }

  private async blocks(range: BlockRange, limit: number, page: { order: string; beyond: string } & BlockCursor): Promise<StoredBlock[]> {
    const values: unknown[] = [];
    const value = (given: unknown) => `$${values.push(given)}`;
    const { groupId, streamIds, from, until } = range;
    const conditions = [
      streamIds === undefined ? `b.group_id = ${value(groupId)}` : streamIds.length === 1 ? `b.stream_id = ${value(streamIds[0])}` : `b.stream_id = ANY(${value(streamIds)}::bigint[])`,
      `${page.beyond} (${value(page.time)}::bigint, ${value(page.id)}::bigint)`,
      `b.last_at >= ${value(from)}::bigint`,
    ];
    if (until !== Infinity) conditions.push(`b.first_at < ${value(until)}::bigint`);
    const { rows } = await this.database.pool.query<BlockRow>(
      `SELECT b.id, s.name, b.first_at, b.last_at, b.ingestion, b.lines FROM log_blocks b JOIN log_streams s ON s.id = b.stream_id
       WHERE ${conditions.join(' AND ')} ORDER BY ${page.order} LIMIT ${value(limit)}`,
      values,
    );
    return rows.map((row) => ({
      id: Number(row.id),
      streamName: row.name,
      firstAt: Number(row.first_at),
      lastAt: Number(row.last_at),
      ingestion: Number(row.ingestion),
      lines: row.lines,
    }));
  }
}
