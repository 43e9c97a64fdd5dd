import { errorOf, textOf } from './execution-record.js';
import type { Operation } from './operation.js';

export const OPERATION_COLUMNS = 'id, ordinal, parent_id, name, type, sub_type, status, started_at, ended_at, due_at, attempt, result, error, replay_children, options, revision';

export interface OperationRow {
  id: string;
  ordinal: number;
  parent_id: string | null;
  name: string | null;
  type: Operation['type'];
  sub_type: string | null;
  status: Operation['status'];
  started_at: Date;
  ended_at: Date | null;
  due_at: Date | null;
  attempt: number;
  result: Buffer | null;
  error: Buffer | null;
  replay_children: boolean;
  options: Operation['options'];
  revision: number;
}

/** $1 is the execution; the rest are columns of the operations. */
export const UPSERT_OPERATIONS = `
INSERT INTO durable_operations (execution_id, ${OPERATION_COLUMNS})
SELECT $1, id, ordinal, parent_id, name, type, sub_type, status, started_at, ended_at, due_at, attempt, result, error, replay_children, options::jsonb, revision
FROM unnest($2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::int[], $13::bytea[],
  $14::bytea[], $15::boolean[], $16::text[], $17::int[])
  AS fresh (id, ordinal, parent_id, name, type, sub_type, status, started_at, ended_at, due_at, attempt, result, error, replay_children, options, revision)
ON CONFLICT (execution_id, id) DO UPDATE SET status = excluded.status, ended_at = excluded.ended_at, due_at = excluded.due_at, attempt = excluded.attempt, result = excluded.result,
  error = excluded.error, replay_children = excluded.replay_children, options = excluded.options, revision = excluded.revision`;

export function operationValues(operations: readonly { operation: Operation; revision: number }[]): unknown[][] {
  const column = (value: (operation: Operation) => unknown): unknown[] => operations.map(({ operation }) => value(operation) ?? null);
  return [
    column(({ id }) => id),
    column(({ ordinal }) => ordinal),
    column(({ parentId }) => parentId),
    column(({ name }) => name),
    column(({ type }) => type),
    column(({ subType }) => subType),
    column(({ status }) => status),
    column(({ startedAt }) => new Date(startedAt)),
    column(({ endedAt }) => endedAt && new Date(endedAt)),
    column(({ dueAt }) => dueAt && new Date(dueAt)),
    column(({ attempt }) => attempt),
    column(({ result }) => (result === undefined ? undefined : Buffer.from(result))),
    column(({ error }) => error && Buffer.from(JSON.stringify(error))),
    column(({ replayChildren }) => replayChildren),
    column(({ options }) => JSON.stringify(options)),
    operations.map(({ revision }) => revision),
  ];
}

export function toOperation(row: OperationRow): Operation {
  return {
    id: row.id,
    ordinal: row.ordinal,
    parentId: row.parent_id ?? undefined,
    name: row.name ?? undefined,
    type: row.type,
    subType: row.sub_type ?? undefined,
    status: row.status,
    startedAt: row.started_at.getTime(),
    endedAt: row.ended_at?.getTime(),
    dueAt: row.due_at?.getTime(),
    attempt: row.attempt,
    result: textOf(row.result),
    error: errorOf(row.error),
    replayChildren: row.replay_children,
    options: row.options,
  };
}
