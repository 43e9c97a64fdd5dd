import { durableExecutionArn } from '@hearth/kernel';
import type { ErrorObject } from './operation.js';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'STOPPED' | 'PAUSING' | 'PAUSED';

/** A row of durable_executions without its payloads. Times are epoch ms. */
export interface ExecutionRecord {
  id: string;
  accountId: string;
  region: string;
  functionName: string;
  functionId: string;
  version: string;
  name: string;
  status: ExecutionStatus;
  synchronous: boolean;
  traceHeader: string;
  error?: ErrorObject;
  executionTimeoutSeconds: number;
  retentionDays: number;
  startedAt: number;
  timeoutAt: number;
  endedAt?: number;
  /** Counts invocations; with `sequence` it is what a checkpoint token says. */
  generation: number;
  sequence: number;
  /** Of the last checkpoint. */
  clientToken?: string;
  /** Grows with every change of an operation. */
  revision: number;
  /** What the function was told of. */
  seenRevision: number;
  priorSeenRevision: number;
  /** An invocation may be under way. */
  invoking: boolean;
  /** The last invocation ended with PENDING. */
  answered: boolean;
  /** Invocations in a row that ended without an answer. */
  failures: number;
  operations: number;
  storedBytes: number;
  events: number;
  pause?: { requestedAt: number; reason?: string; timeoutPaused: boolean };
  parent?: { executionId: string; operationId: string };
}

export const RECORD_COLUMNS = `id, account_id, region, function_name, function_id, version, name, status, synchronous, trace_header, error, execution_timeout_s, retention_days,
  started_at, timeout_at, ended_at, generation, sequence, client_token, revision, seen_revision, prior_seen_revision, invoking, answered, failures, operations, stored_bytes, events,
  pause_requested_at, pause_reason, timeout_paused, parent_id, parent_operation_id`;

export interface ExecutionRow {
  id: string;
  account_id: string;
  region: string;
  function_name: string;
  function_id: string;
  version: string;
  name: string;
  status: ExecutionStatus;
  synchronous: boolean;
  trace_header: string;
  error: Buffer | null;
  execution_timeout_s: number;
  retention_days: number;
  started_at: Date;
  timeout_at: Date;
  ended_at: Date | null;
  generation: number;
  sequence: number;
  client_token: string | null;
  revision: number;
  seen_revision: number;
  prior_seen_revision: number;
  invoking: boolean;
  answered: boolean;
  failures: number;
  operations: number;
  stored_bytes: number;
  events: number;
  pause_requested_at: Date | null;
  pause_reason: string | null;
  timeout_paused: boolean;
  parent_id: string | null;
  parent_operation_id: string | null;
}

export function toRecord(row: ExecutionRow): ExecutionRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    region: row.region,
    functionName: row.function_name,
    functionId: row.function_id,
    version: row.version,
    name: row.name,
    status: row.status,
    synchronous: row.synchronous,
    traceHeader: row.trace_header,
    error: errorOf(row.error),
    executionTimeoutSeconds: row.execution_timeout_s,
    retentionDays: row.retention_days,
    startedAt: row.started_at.getTime(),
    timeoutAt: row.timeout_at.getTime(),
    endedAt: row.ended_at?.getTime(),
    generation: row.generation,
    sequence: row.sequence,
    clientToken: row.client_token ?? undefined,
    revision: row.revision,
    seenRevision: row.seen_revision,
    priorSeenRevision: row.prior_seen_revision,
    invoking: row.invoking,
    answered: row.answered,
    failures: row.failures,
    operations: row.operations,
    storedBytes: row.stored_bytes,
    events: row.events,
    ...(row.pause_requested_at && { pause: { requestedAt: row.pause_requested_at.getTime(), reason: row.pause_reason ?? undefined, timeoutPaused: row.timeout_paused } }),
    ...(row.parent_id && { parent: { executionId: row.parent_id, operationId: row.parent_operation_id! } }),
  };
}

export function arnOf({ region, accountId, functionName, version, name, id }: ExecutionRecord): string {
  return durableExecutionArn({ region, accountId, functionName, version, name, id });
}

export function isOver({ status }: Pick<ExecutionRecord, 'status'>): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED' || status === 'TIMED_OUT' || status === 'STOPPED';
}

export function errorOf(stored: Buffer | null): ErrorObject | undefined {
  return stored === null ? undefined : (JSON.parse(stored.toString('utf8')) as ErrorObject);
}

export function textOf(stored: Buffer | null): string | undefined {
  return stored?.toString('utf8');
}
