import type { Database } from '@hearth/database';
import type { Queryable } from './alias-store.js';

export interface EventInvokeRecord {
  /** `$LATEST`, digits or an alias. */
  qualifier: string;
  maximumRetryAttempts: number | null;
  maximumEventAgeSeconds: number | null;
  lastModified: Date;
}

interface Row {
  qualifier: string;
  maximum_retry_attempts: number | null;
  maximum_event_age_seconds: number | null;
  last_modified: Date;
}

export async function findEventInvokeConfig(database: Queryable, functionId: string, qualifier: string): Promise<EventInvokeRecord | undefined> {
  const { rows } = await database.query<Row>('SELECT * FROM function_event_invoke_configs WHERE function_id = $1 AND qualifier = $2', [functionId, qualifier]);
  return rows[0] && toRecord(rows[0]);
}

/** By qualifier. */
export async function listEventInvokeConfigs(database: Database, functionId: string, after: string, limit: number): Promise<EventInvokeRecord[]> {
  const { rows } = await database.pool.query<Row>('SELECT * FROM function_event_invoke_configs WHERE function_id = $1 AND qualifier > $2 ORDER BY qualifier LIMIT $3', [functionId, after, limit]);
  return rows.map(toRecord);
}

export async function writeEventInvokeConfig(client: Queryable, functionId: string, record: EventInvokeRecord): Promise<void> {
  await client.query(
    `INSERT INTO function_event_invoke_configs (function_id, qualifier, maximum_retry_attempts, maximum_event_age_seconds, last_modified) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (function_id, qualifier) DO UPDATE SET maximum_retry_attempts = excluded.maximum_retry_attempts,
       maximum_event_age_seconds = excluded.maximum_event_age_seconds, last_modified = excluded.last_modified`,
    [functionId, record.qualifier, record.maximumRetryAttempts, record.maximumEventAgeSeconds, record.lastModified],
  );
}

/** @returns false when there was none */
export async function deleteEventInvokeConfig(client: Queryable, functionId: string, qualifier: string): Promise<boolean> {
  return (await client.query('DELETE FROM function_event_invoke_configs WHERE function_id = $1 AND qualifier = $2', [functionId, qualifier])).rowCount === 1;
}

function toRecord(row: Row): EventInvokeRecord {
  return { qualifier: row.qualifier, maximumRetryAttempts: row.maximum_retry_attempts, maximumEventAgeSeconds: row.maximum_event_age_seconds, lastModified: row.last_modified };
}
