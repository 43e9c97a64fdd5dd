import type { Database } from '@hearth/database';
import type { Decision } from './attempt-decision.js';
import { Batches } from './batches.js';
import type { DurableLink } from './durable-port.js';

/** A row of `async_events` in the hands of one dispatcher, until its lease ends. */
export interface ClaimedEvent {
  id: string;
  /** Later writes for this claim carry it; a newer claim makes it worthless. */
  fencingToken: string;
  accountId: string;
  region: string;
  functionName: string;
  qualifier?: string;
  payload: Buffer;
  clientContext?: string;
  traceHeader: string;
  /** Executions begun, this one included (unless it is too old to begin). */
  attempts: number;
  functionErrors: number;
  /** Since it was due, in ms by the database's clock at the claim. */
  waitedMs: number;
  /** Until its maximum age, in ms by the database's clock at the claim; not positive when it is too old. */
  remainingMs: number;
  /** Of events that belong to a durable execution. */
  durable?: DurableLink;
}

export interface Settlement {
  decision: Decision;
  errorType?: string;
  /** What the function answered; kept with final failures. */
  response?: Uint8Array;
  executedVersion?: string;
}

export interface Retention {
  succeededMs: number;
  failedMs: number;
}

interface End {
  claim: Pick<ClaimedEvent, 'id' | 'fencingToken' | 'functionErrors'>;
  settlement: Settlement;
}

interface ClaimRow {
  id: string;
  fencing_token: string;
  account_id: string;
  region: string;
  function_name: string;
  qualifier: string | null;
  payload: Buffer;
  client_context: string | null;
  trace_header: string;
  attempts: number;
  function_errors: number;
  remaining_ms: number;
  waited_ms: number;
  durable_execution: string | null;
  durable_operation: string | null;
}

/** `status || ''` keeps Postgres from walking the index on the status through the whole backlog when its statistics are old. */
const CLAIM_SQL = `
UPDATE async_events e SET status = 'running', owner = $2, fencing_token = fencing_token + 1, lease_until = now() + $3 * interval '1 ms',
  attempts = attempts + (expires_at > now())::int, dispatched_until = NULL
FROM unnest($1::uuid[]) AS wanted (id)
WHERE e.id = wanted.id AND e.status || '' = 'queued' AND e.due_at <= now()
RETURNING e.id, fencing_token, account_id, region, function_name, qualifier, payload, client_context, trace_header, attempts, function_errors,
  durable_execution, durable_operation, (extract(epoch FROM expires_at - now()) * 1000)::float8 AS remaining_ms, (extract(epoch FROM now() - due_at) * 1000)::float8 AS waited_ms`;

const SETTLE_SQL = `
UPDATE async_events e SET status = done.status, function_errors = done.function_errors, due_at = now() + done.due_in_ms * interval '1 ms',
  ended_at = CASE WHEN done.condition IS NOT NULL THEN now() END, condition = done.condition, error_type = done.error_type, response = done.response,
  executed_version = done.executed_version, owner = NULL, lease_until = NULL, dispatched_until = NULL
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::int[], $5::float8[], $6::text[], $7::text[], $8::bytea[], $9::text[])
  AS done (id, fencing_token, status, function_errors, due_in_ms, condition, error_type, response, executed_version)
WHERE e.id = done.id AND e.fencing_token = done.fencing_token AND e.status = 'running'
RETURNING e.id, e.fencing_token`;

const MAX_BATCH = 100;

/**
 * The life of one accepted event after its acceptance. Invariants:
 * 1. Only a compare-and-set moves a row from `queued` to `running`, and it makes a new fencing token.
 * 2. Every later write of that claim compares token and status; a late one changes nothing.
 * 3. All times are the database's, so no host's clock can end a lease early.
 * 4. Batches name rows in the order of their ids, so that two of them do not wait for each other.
 */
export class EventStore {
  readonly #claims = new Batches<string, ClaimedEvent | undefined>({ run: (ids) => this.#claimAll(ids), maxItems: MAX_BATCH });
  readonly #settlements = new Batches<End, boolean>({
    run: (ends) => this.#settleAll(ends),
    maxItems: MAX_BATCH,
    weigh: ({ settlement }) => settlement.response?.length ?? 0,
    maxWeight: 8_388_608,
  });

  constructor(
    private readonly database: Database,
    private readonly retention: Retention,
    /** Names the scheduler's life in the rows it holds. */
    private readonly owner: string,
    private readonly leaseMs: number,
  ) {}

  /** @returns undefined when the event is not there, not due, or somebody else's */
  claim(id: string): Promise<ClaimedEvent | undefined> {
    return this.#claims.add(id);
  }

  /** @returns ids of the claims that are still held; the others were lost */
  async renew(claims: readonly Pick<ClaimedEvent, 'id' | 'fencingToken'>[]): Promise<Set<string>> {
    const ordered = claims.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const { rows } = await this.database.pool.query<{ id: string }>({
      name: 'hearth-event-renew',
      text: `UPDATE async_events e SET lease_until = now() + $3 * interval '1 ms'
             FROM unnest($1::uuid[], $2::bigint[]) AS held (id, token)
             WHERE e.id = held.id AND e.fencing_token = held.token AND e.status = 'running' RETURNING e.id`,
      values: [ordered.map((claim) => claim.id), ordered.map((claim) => claim.fencingToken), this.leaseMs],
    });
    return new Set(rows.map((row) => row.id));
  }

  /** Completion, next retry or final failure, in one statement. @returns false when the claim was lost meanwhile: nothing was written */
  settle(claim: Pick<ClaimedEvent, 'id' | 'fencingToken' | 'functionErrors'>, settlement: Settlement): Promise<boolean> {
    return this.#settlements.add({ claim, settlement });
  }

  /** Deletes records whose time is over, at most `limit` of each kind. @returns how many */
  async deleteExpired(limit: number): Promise<number> {
    let deleted = 0;
    for (const status of ['succeeded', 'failed']) {
      const { rowCount } = await this.database.pool.query(
        `DELETE FROM async_events WHERE id IN (
           SELECT id FROM async_events WHERE status = $1 AND due_at <= now() ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
        [status, limit],
      );
      deleted += rowCount ?? 0;
    }
    return deleted;
  }

  async #claimAll(ids: readonly string[]): Promise<(ClaimedEvent | undefined)[]> {
    const { rows } = await this.database.pool.query<ClaimRow>({
      name: 'hearth-event-claim',
      text: CLAIM_SQL,
      values: [ids.toSorted(), this.owner, this.leaseMs],
    });
    const claimed = new Map(rows.map((row) => [row.id, toClaimedEvent(row)]));
    return ids.map((id) => {
      const event = claimed.get(id);
      claimed.delete(id); // Two pointers to one event in the same batch: one of them gets it.
      return event;
    });
  }

  async #settleAll(ends: readonly End[]): Promise<boolean[]> {
    const ordered = ends.toSorted((a, b) => (a.claim.id < b.claim.id ? -1 : 1));
    const decisions = ordered.map(({ settlement }) => settlement.decision);
    const { rows } = await this.database.pool.query<{ id: string; fencing_token: string }>({
      name: 'hearth-event-settle',
      text: SETTLE_SQL,
      values: [
        ordered.map(({ claim }) => claim.id),
        ordered.map(({ claim }) => claim.fencingToken),
        decisions.map(({ status }) => status),
        ordered.map(({ claim, settlement: { decision } }) => (decision.status === 'succeeded' ? claim.functionErrors : decision.functionErrors)),
        decisions.map((decision) => this.#attentionMs(decision)),
        decisions.map((decision) => (decision.status === 'queued' ? null : decision.condition)),
        ordered.map(({ settlement }) => settlement.errorType?.replaceAll('\0', '') ?? null), // Postgres has no NUL in texts.
        ordered.map(({ settlement }) => (settlement.decision.status === 'failed' && settlement.response !== undefined ? Buffer.from(settlement.response) : null)),
        ordered.map(({ settlement }) => settlement.executedVersion ?? null),
      ],
    });
    const written = new Set(rows.map((row) => `${row.id} ${row.fencing_token}`));
    return ends.map(({ claim }) => written.has(`${claim.id} ${claim.fencingToken}`));
  }

  /** When the row next needs attention: to be run, or to be deleted. */
  #attentionMs(decision: Decision): number {
    if (decision.status === 'queued') return decision.delayMs;
    return decision.status === 'failed' ? this.retention.failedMs : this.retention.succeededMs;
  }
}

function toClaimedEvent(row: ClaimRow): ClaimedEvent {
  return {
    id: row.id,
    fencingToken: row.fencing_token,
    accountId: row.account_id,
    region: row.region,
    functionName: row.function_name,
    qualifier: row.qualifier ?? undefined,
    payload: row.payload,
    clientContext: row.client_context ?? undefined,
    traceHeader: row.trace_header,
    attempts: row.attempts,
    functionErrors: row.function_errors,
    remainingMs: row.remaining_ms,
    waitedMs: row.waited_ms,
    ...(row.durable_execution !== null && { durable: { executionId: row.durable_execution, operationId: row.durable_operation ?? undefined } }),
  };
}
