import type { PoolClient } from 'pg';
import type { Applied } from './apply-update.js';
import { isOver, type ExecutionRecord, type ExecutionStatus } from './execution-record.js';
import { isAwaited, type ErrorObject, type HistoryEntry, type Operation } from './operation.js';
import { OPERATION_COLUMNS, operationValues, toOperation, UPSERT_OPERATIONS, type OperationRow } from './operation-rows.js';
import { fireDue } from './outside-changes.js';

const MS_PER_DAY = 86_400_000;

/** Where `ended` executions are announced; the payload is the execution's id. */
export const ENDED_CHANNEL = 'hearth_durable_ended';

/**
 * One execution, locked for the length of a transaction: what is read is the latest, and what is changed here is written by
 * `flush`. Invariants:
 * 1. The row lock orders all changes of an execution; nothing else writes its operations or its history.
 * 2. Each change of an operation gets a revision of its own, and a later one is greater.
 * 3. Time passes first: what is due is done before anybody looks.
 */
export class ExecutionChange {
  readonly #known = new Map<string, Operation | undefined>();
  readonly #changed = new Map<string, { operation: Operation; revision: number }>();
  readonly #entries: HistoryEntry[] = [];
  #result: string | undefined;
  #logTail: Uint8Array | undefined;
  #endedNow = false;
  #driven = false;

  constructor(
    readonly client: PoolClient,
    readonly execution: ExecutionRecord,
    /** The database's time, epoch ms. */
    readonly now: number,
  ) {}

  /** Whether the execution ended in this change. */
  get endedNow(): boolean {
    return this.#endedNow;
  }

  /** The caller holds the event of the execution: it needs no waking for what is done here. */
  drive(): void {
    this.#driven = true;
  }

  /** Whether the event of the execution has to become due. */
  get wakes(): boolean {
    const { status, revision, seenRevision } = this.execution;
    return (this.#endedNow && !this.#driven) || (status === 'RUNNING' && revision > seenRevision);
  }

  /** Of an execution that ended in this change. */
  get result(): string | undefined {
    return this.#result;
  }

  /** @param ids of operations that will be looked at: read along the way */
  async letTimePass(ids: readonly string[]): Promise<void> {
    const { execution, now, client } = this;
    const { rows } = await client.query<OperationRow>({
      name: 'hearth-durable-due',
      text: `SELECT ${OPERATION_COLUMNS} FROM durable_operations WHERE execution_id = $1 AND (due_at <= $2 OR id = ANY($3)) ORDER BY due_at, ordinal`,
      values: [execution.id, new Date(now), ids],
    });
    for (const id of ids) this.#known.set(id, undefined);
    for (const row of rows) {
      const operation = toOperation(row);
      this.#known.set(operation.id, operation);
      if (operation.dueAt !== undefined && operation.dueAt <= now && !isOver(execution)) this.put(fireDue(operation, now));
    }
    if (isOver(execution)) return;
    if (now >= execution.timeoutAt && execution.pause?.timeoutPaused !== true) this.end('TIMED_OUT', { error: { ErrorType: 'Lambda.ExecutionTimeout', ErrorMessage: `The durable execution did not end within ${execution.executionTimeoutSeconds} seconds.` } });
  }

  /** Of the ids that were loaded. */
  operation(id: string): Operation | undefined {
    return this.#known.get(id);
  }

  async nextDueAt(): Promise<number | undefined> {
    const { rows } = await this.client.query<{ due: Date | null }>('SELECT min(due_at) AS due FROM durable_operations WHERE execution_id = $1', [this.execution.id]);
    const unsaved = [...this.#changed.values()].map(({ operation }) => operation.dueAt).filter((due) => due !== undefined);
    const stored = rows[0]?.due?.getTime();
    const known = stored === undefined ? unsaved : [stored, ...unsaved];
    return known.length === 0 ? undefined : Math.min(...known);
  }

  /** Ids of stored operations, in the order of their starts. */
  async changedSince(revision: number): Promise<string[]> {
    const { rows } = await this.client.query<{ id: string }>('SELECT id FROM durable_operations WHERE execution_id = $1 AND revision > $2 ORDER BY ordinal', [this.execution.id, revision]);
    const stored = rows.map(({ id }) => id);
    return [...stored, ...[...this.#changed.keys()].filter((id) => !stored.includes(id))];
  }

  /** Whether an operation exists that something outside the function will change. */
  async awaitsSomething(): Promise<boolean> {
    if ([...this.#changed.values()].some(({ operation }) => isAwaited(operation))) return true;
    const { rows } = await this.client.query<Pick<Operation, 'type' | 'status'>>(`SELECT DISTINCT type, status FROM durable_operations WHERE execution_id = $1 AND status IN ('STARTED', 'PENDING', 'READY')`, [this.execution.id]);
    return rows.some(isAwaited);
  }

  put({ operation, entries }: Applied): void {
    const { execution } = this;
    if (operation.ordinal > execution.operations) execution.operations = operation.ordinal;
    execution.revision++;
    this.#known.set(operation.id, operation);
    this.#changed.set(operation.id, { operation, revision: execution.revision });
    this.#entries.push(...entries);
  }

  record(entry: HistoryEntry): void {
    this.#entries.push(entry);
  }

  end(status: Extract<ExecutionStatus, 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'STOPPED'>, { result, error }: { result?: string; error?: ErrorObject }): void {
    const { execution } = this;
    execution.status = status;
    execution.endedAt = this.now;
    execution.error = error;
    this.#result = result;
    this.#endedNow = true;
    const type = { SUCCEEDED: 'ExecutionSucceeded', FAILED: 'ExecutionFailed', TIMED_OUT: 'ExecutionTimedOut', STOPPED: 'ExecutionStopped' }[status];
    this.#entries.push({ type, operationId: execution.id, details: status === 'SUCCEEDED' ? { Result: { Payload: result } } : { Error: { Payload: error ?? {} } } });
  }

  keepLogTail(logTail: Uint8Array): void {
    this.#logTail = logTail;
  }

  async flush(): Promise<void> {
    const { client, execution } = this;
    if (this.#changed.size > 0) await client.query({ name: 'hearth-durable-upsert', text: UPSERT_OPERATIONS, values: [execution.id, ...operationValues([...this.#changed.values()])] });
    await this.#writeHistory();
    await client.query({
      name: 'hearth-durable-write',
      text: `UPDATE durable_executions SET status = $2, error = $3, timeout_at = $4, ended_at = $5, delete_at = $6, generation = $7, sequence = $8, client_token = $9, revision = $10,
         seen_revision = $11, prior_seen_revision = $12, invoking = $13, answered = $14, failures = $15, operations = $16, stored_bytes = $17, events = $18, pause_requested_at = $19,
         pause_reason = $20, timeout_paused = $21, result = coalesce($22, result), log_tail = coalesce($23, log_tail), woken = $24
       WHERE id = $1`,
      values: [
        execution.id,
        execution.status,
        execution.error ? Buffer.from(JSON.stringify(execution.error)) : null,
        new Date(execution.timeoutAt),
        execution.endedAt === undefined ? null : new Date(execution.endedAt),
        execution.endedAt === undefined ? null : new Date(execution.endedAt + execution.retentionDays * MS_PER_DAY),
        execution.generation,
        execution.sequence,
        execution.clientToken ?? null,
        execution.revision,
        execution.seenRevision,
        execution.priorSeenRevision,
        execution.invoking,
        execution.answered,
        execution.failures,
        execution.operations,
        execution.storedBytes,
        execution.events,
        execution.pause ? new Date(execution.pause.requestedAt) : null,
        execution.pause?.reason ?? null,
        execution.pause?.timeoutPaused ?? false,
        this.#result === undefined ? null : Buffer.from(this.#result),
        this.#logTail === undefined ? null : Buffer.from(this.#logTail),
        this.wakes,
      ],
    });
    // Sent by Postgres at the commit, and only then.
    if (this.#endedNow) await client.query('SELECT pg_notify($1, $2)', [ENDED_CHANNEL, execution.id]);
  }

  async #writeHistory(): Promise<void> {
    const entries = this.#entries;
    if (entries.length === 0) return;
    const { execution, now } = this;
    const first = execution.events + 1;
    execution.events += entries.length;
    await this.client.query({
      name: 'hearth-durable-history',
      text: `INSERT INTO durable_history (execution_id, event_id, at, type, operation_id, parent_id, name, sub_type, details)
       SELECT $1, event_id, $2, type, operation_id, parent_id, name, sub_type, details
       FROM unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[]) AS fresh (event_id, type, operation_id, parent_id, name, sub_type, details)`,
      values: [
        execution.id,
        new Date(now),
        entries.map((_, index) => first + index),
        entries.map(({ type }) => type),
        entries.map(({ operationId }) => operationId ?? null),
        entries.map(({ parentId }) => parentId ?? null),
        entries.map(({ name }) => name ?? null),
        entries.map(({ subType }) => subType ?? null),
        entries.map(({ details }) => Buffer.from(JSON.stringify(details))),
      ],
    });
  }
}
