import { createHash } from 'node:crypto';
import type { Database } from '@hearth/database';
import { insertEvent } from '@hearth/invocation';
import type { PoolClient } from 'pg';
import { ExecutionChange } from './execution-change.js';
import { RECORD_COLUMNS, textOf, toRecord, type ExecutionRecord, type ExecutionRow } from './execution-record.js';
import { HISTORY_PAGE_BYTES } from './limits.js';
import type { Operation } from './operation.js';
import { OPERATION_COLUMNS, toOperation, type OperationRow } from './operation-rows.js';
import type { OperationOutline } from './replay-state.js';
import type { StoredEvent } from './wire-shapes.js';

export interface FreshExecution {
  id: string;
  accountId: string;
  region: string;
  functionName: string;
  functionId: string;
  version: string;
  name: string;
  synchronous: boolean;
  input: Buffer;
  /** Decoded JSON text, for every invocation. */
  clientContext?: string;
  traceHeader: string;
  executionTimeoutSeconds: number;
  retentionDays: number;
  parent?: { executionId: string; operationId: string };
}

export interface ListFilter {
  accountId: string;
  region: string;
  functionName: string;
  version?: string;
  name?: string;
  statuses?: readonly string[];
  startedAfter?: Date;
  startedBefore?: Date;
}

export interface ExecutionPayloads {
  input: string;
  result?: string;
  logTail?: Buffer;
}

interface HistoryRow {
  event_id: number;
  at: Date;
  type: string;
  operation_id: string | null;
  parent_id: string | null;
  name: string | null;
  sub_type: string | null;
  details: Buffer;
  found: string;
}

const NOW_MS = '(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now_ms';

/** The tables of durable executions; nothing else in this library but ExecutionChange speaks SQL. */
export class DurableStore {
  constructor(readonly database: Database) {}

  /**
   * With the event that drives it, in the caller's transaction.
   * @returns false when the function has an execution of this name
   */
  async insert(client: PoolClient, fresh: FreshExecution): Promise<boolean> {
    const { rowCount } = await client.query(
      `INSERT INTO durable_executions (id, account_id, region, function_name, function_id, version, name, synchronous, input, input_sha256, trace_header, execution_timeout_s, retention_days,
         timeout_at, parent_id, parent_operation_id, events)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::int, $13, now() + $12::int * interval '1 s', $14, $15, 1)
       ON CONFLICT (account_id, region, function_name, name) DO NOTHING`,
      [
        fresh.id, fresh.accountId, fresh.region, fresh.functionName, fresh.functionId, fresh.version, fresh.name, fresh.synchronous, fresh.input, sha256(fresh.input), fresh.traceHeader,
        fresh.executionTimeoutSeconds, fresh.retentionDays, fresh.parent?.executionId ?? null, fresh.parent?.operationId ?? null,
      ],
    );
    if (rowCount === 0) return false;
    const details = { Input: { Payload: fresh.input.toString('utf8') }, ExecutionTimeout: fresh.executionTimeoutSeconds };
    await client.query(`INSERT INTO durable_history (execution_id, event_id, at, type, operation_id, name, details) VALUES ($1, 1, now(), 'ExecutionStarted', $2, $3, $4)`, [
      fresh.id, fresh.id, fresh.name, Buffer.from(JSON.stringify(details)),
    ]);
    const { id, accountId, region, functionName, version, clientContext, traceHeader } = fresh;
    await insertEvent(client, { id, accountId, region, functionName, qualifier: version, payload: Buffer.from('{}'), clientContext, traceHeader, maxAgeMs: fresh.executionTimeoutSeconds * 1_000, durable: { executionId: id } });
    return true;
  }

  /**
   * Locked until the transaction ends, and brought up to the present.
   * @param operationIds what the change will look at
   */
  async lock(client: PoolClient, id: string, operationIds: readonly string[] = []): Promise<ExecutionChange | undefined> {
    const { rows } = await client.query<ExecutionRow & { now_ms: number }>({ name: 'hearth-durable-lock', text: `SELECT ${RECORD_COLUMNS}, ${NOW_MS} FROM durable_executions WHERE id = $1 FOR UPDATE`, values: [id] });
    if (rows[0] === undefined) return undefined;
    const change = new ExecutionChange(client, toRecord(rows[0]), Math.floor(rows[0].now_ms));
    await change.letTimePass(operationIds);
    return change;
  }

  async find(id: string): Promise<ExecutionRecord | undefined> {
    const { rows } = await this.database.pool.query<ExecutionRow>(`SELECT ${RECORD_COLUMNS} FROM durable_executions WHERE id = $1`, [id]);
    return rows[0] && toRecord(rows[0]);
  }

  /** @param input whose equality makes a start the same start */
  async findByName(key: { accountId: string; region: string; functionName: string; name: string }, input: Buffer): Promise<{ execution: ExecutionRecord; sameInput: boolean; expired: boolean } | undefined> {
    const { rows } = await this.database.pool.query<ExecutionRow & { same_input: boolean; expired: boolean }>(
      `SELECT ${RECORD_COLUMNS}, input_sha256 = $5 AS same_input, coalesce(delete_at <= now(), false) AS expired FROM durable_executions
       WHERE account_id = $1 AND region = $2 AND function_name = $3 AND name = $4`,
      [key.accountId, key.region, key.functionName, key.name, sha256(input)],
    );
    return rows[0] && { execution: toRecord(rows[0]), sameInput: rows[0].same_input, expired: rows[0].expired };
  }

  async payloads(id: string): Promise<ExecutionPayloads | undefined> {
    const { rows } = await this.database.pool.query<{ input: Buffer; result: Buffer | null; log_tail: Buffer | null }>('SELECT input, result, log_tail FROM durable_executions WHERE id = $1', [id]);
    return rows[0] && { input: rows[0].input.toString('utf8'), result: textOf(rows[0].result), logTail: rows[0].log_tail ?? undefined };
  }

  /** In the order of their starts. */
  async outlines(id: string): Promise<OperationOutline[]> {
    const { rows } = await this.database.pool.query<OperationRow & { bytes: number }>(
      `SELECT id, ordinal, parent_id, type, status, replay_children, coalesce(octet_length(result), 0) + coalesce(octet_length(error), 0) AS bytes
       FROM durable_operations WHERE execution_id = $1 ORDER BY ordinal`,
      [id],
    );
    return rows.map((row) => ({ id: row.id, ordinal: row.ordinal, parentId: row.parent_id ?? undefined, type: row.type, status: row.status, replayChildren: row.replay_children, bytes: row.bytes }));
  }

  /** In the order of their starts. */
  async operations(id: string, ids: readonly string[]): Promise<Operation[]> {
    const { rows } = await this.database.pool.query<OperationRow>(`SELECT ${OPERATION_COLUMNS} FROM durable_operations WHERE execution_id = $1 AND id = ANY($2) ORDER BY ordinal`, [id, ids]);
    return rows.map(toOperation);
  }

  /** In the order of their starts. */
  async changedSince(id: string, revision: number): Promise<Operation[]> {
    const { rows } = await this.database.pool.query<OperationRow>({
      name: 'hearth-durable-changed',
      text: `SELECT ${OPERATION_COLUMNS} FROM durable_operations WHERE execution_id = $1 AND revision > $2 ORDER BY ordinal`,
      values: [id, revision],
    });
    return rows.map(toOperation);
  }

  /** @returns fewer than `limit` when their details are large, but one at least; `more` when others follow */
  async history(id: string, after: number | undefined, limit: number, reverse: boolean): Promise<{ events: StoredEvent[]; more: boolean }> {
    const order = reverse ? 'DESC' : 'ASC';
    const { rows } = await this.database.pool.query<HistoryRow>(
      `SELECT * FROM (
         SELECT *, sum(octet_length(details)) OVER (ORDER BY event_id ${order}) AS bytes, row_number() OVER (ORDER BY event_id ${order}) AS n, count(*) OVER () AS found
         FROM (SELECT * FROM durable_history WHERE execution_id = $1 AND ($2::int IS NULL OR event_id ${reverse ? '<' : '>'} $2) ORDER BY event_id ${order} LIMIT $3 + 1) candidate) counted
       WHERE n = 1 OR (n <= $3 AND bytes <= $4) ORDER BY n`,
      [id, after ?? null, limit, HISTORY_PAGE_BYTES],
    );
    const events = rows.map((row) => ({
      eventId: row.event_id,
      at: row.at.getTime(),
      type: row.type,
      operationId: row.operation_id ?? undefined,
      parentId: row.parent_id ?? undefined,
      name: row.name ?? undefined,
      subType: row.sub_type ?? undefined,
      details: JSON.parse(row.details.toString('utf8')) as Record<string, unknown>,
    }));
    return { events, more: Number(rows[0]?.found ?? 0) > events.length };
  }

  /** By start, then id. @param after the last row of the page before */
  async list(filter: ListFilter, after: { startedAt: Date; id: string } | undefined, limit: number, reverse: boolean): Promise<ExecutionRecord[]> {
    const { rows } = await this.database.pool.query<ExecutionRow>(
      `SELECT ${RECORD_COLUMNS} FROM durable_executions WHERE account_id = $1 AND region = $2 AND function_name = $3
         AND ($4::text IS NULL OR version = $4) AND ($5::text IS NULL OR name = $5) AND ($6::text[] IS NULL OR status = ANY($6))
         AND ($7::timestamptz IS NULL OR started_at > $7) AND ($8::timestamptz IS NULL OR started_at < $8)
         AND ($9::timestamptz IS NULL OR (started_at, id) ${reverse ? '<' : '>'} ($9, $10::uuid)) AND (delete_at IS NULL OR delete_at > now())
       ORDER BY started_at ${reverse ? 'DESC' : 'ASC'}, id ${reverse ? 'DESC' : 'ASC'} LIMIT $11`,
      [filter.accountId, filter.region, filter.functionName, filter.version ?? null, filter.name ?? null, filter.statuses ?? null, filter.startedAfter ?? null, filter.startedBefore ?? null, after?.startedAt ?? null, after?.id ?? null, limit],
    );
    return rows.map(toRecord);
  }

  /** Of these, what has ended. */
  async ended(ids: readonly string[]): Promise<string[]> {
    const { rows } = await this.database.pool.query<{ id: string }>(`SELECT id FROM durable_executions WHERE id = ANY($1::uuid[]) AND ended_at IS NOT NULL`, [ids]);
    return rows.map(({ id }) => id);
  }

  /** @returns false when it has not ended, or does not exist */
  async remove(id: string): Promise<boolean> {
    const { rowCount } = await this.database.pool.query('DELETE FROM durable_executions WHERE id = $1 AND ended_at IS NOT NULL', [id]);
    return (rowCount ?? 0) > 0;
  }

  /** Executions whose retention is over. @returns how many were removed */
  async removeExpired(limit: number): Promise<number> {
    const { rowCount } = await this.database.pool.query(
      'DELETE FROM durable_executions WHERE id IN (SELECT id FROM durable_executions WHERE delete_at <= now() ORDER BY delete_at LIMIT $1 FOR UPDATE SKIP LOCKED)',
      [limit],
    );
    return rowCount ?? 0;
  }

  /**
   * Makes those due that were woken although their event sleeps, because it ran at that moment: of `ids`, or of all.
   * @returns their ids
   */
  async wakeForgotten(ids?: readonly string[]): Promise<string[]> {
    const { rows } = await this.database.pool.query<{ id: string }>(
      `UPDATE async_events e SET due_at = now(), dispatched_until = NULL FROM durable_executions x
       WHERE x.id = e.id AND ($1::uuid[] IS NULL OR e.id = ANY($1)) AND e.status = 'queued' AND e.due_at > now()
         AND x.woken RETURNING e.id`,
      [ids ?? null],
    );
    return rows.map(({ id }) => id);
  }
}


function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
