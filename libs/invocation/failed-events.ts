import type { Database } from '@hearth/database';
import { ServiceError } from '@hearth/kernel';

export interface FailedEvent {
  requestId: string;
  functionName: string;
  qualifier?: string;
  /** RetriesExhausted | EventAgeExceeded | FunctionNotFound | InvocationRejected */
  condition: string;
  errorType?: string;
  attempts: number;
  functionErrors: number;
  /** Epoch ms. */
  acceptedAt: number;
  endedAt: number;
  executedVersion?: string;
  payload: Buffer;
  /** What the function answered last. */
  response?: Buffer;
}

export interface FailedEventsPage {
  events: FailedEvent[];
  nextMarker?: string;
}

interface FailedRow {
  id: string;
  function_name: string;
  qualifier: string | null;
  condition: string;
  error_type: string | null;
  attempts: number;
  function_errors: number;
  accepted_at: Date;
  ended_at: Date;
  executed_version: string | null;
  payload: Buffer;
  response: Buffer | null;
}

const MAX_ITEMS = 100;

/**
 * Events that failed for good, the latest first.
 * @throws ServiceError InvalidParameterValueException for a marker that this function did not give out
 */
export async function listFailedEvents(database: Database, accountId: string, options: { functionName?: string; marker?: string; maxItems?: number } = {}): Promise<FailedEventsPage> {
  const maxItems = Math.min(Math.max(options.maxItems ?? 50, 1), MAX_ITEMS);
  const after = options.marker === undefined ? undefined : decodeMarker(options.marker);
  const { rows } = await database.pool.query<FailedRow>(
    `SELECT id, function_name, qualifier, condition, error_type, attempts, function_errors, accepted_at, ended_at, executed_version, payload, response
     FROM async_events
     WHERE status = 'failed' AND account_id = $1 AND ($2::text IS NULL OR function_name = $2)
       AND ($3::timestamptz IS NULL OR (ended_at, id) < ($3::timestamptz, $4::uuid))
     ORDER BY ended_at DESC, id DESC LIMIT $5`,
    [accountId, options.functionName ?? null, after?.endedAt ?? null, after?.id ?? null, maxItems + 1],
  );
  const page = rows.slice(0, maxItems);
  const last = page.at(-1);
  return { events: page.map(toFailedEvent), nextMarker: rows.length > maxItems && last !== undefined ? encodeMarker(last) : undefined };
}

function toFailedEvent(row: FailedRow): FailedEvent {
  return {
    requestId: row.id,
    functionName: row.function_name,
    qualifier: row.qualifier ?? undefined,
    condition: row.condition,
    errorType: row.error_type ?? undefined,
    attempts: row.attempts,
    functionErrors: row.function_errors,
    acceptedAt: row.accepted_at.getTime(),
    endedAt: row.ended_at.getTime(),
    executedVersion: row.executed_version ?? undefined,
    payload: row.payload,
    response: row.response ?? undefined,
  };
}

function encodeMarker(row: FailedRow): string {
  return Buffer.from(`${row.ended_at.toISOString()}/${row.id}`).toString('base64url');
}

function decodeMarker(marker: string): { endedAt: string; id: string } {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\/([0-9a-f-]{36})$/.exec(Buffer.from(marker, 'base64url').toString('latin1'));
  if (match === null) throw new ServiceError('InvalidParameterValueException', 400, 'Invalid marker.', { messageMember: 'message' });
  return { endedAt: match[1] as string, id: match[2] as string };
}
