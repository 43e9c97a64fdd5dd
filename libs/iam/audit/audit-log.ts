import { randomUUID } from 'node:crypto';
import type { Database } from '@hearth/database';
import { InfrastructureError, systemClock, type Clock } from '@hearth/kernel';
import { LOST_EVENTS_ACTION, type AuditEvent, type RecordedEvent } from './audit-event.js';

/*
 * The trail of calls, written behind the answers.
 * Invariants:
 * 1. record() never waits and never throws; a call costs one array entry.
 * 2. At most MAX_PENDING events wait in memory. Above that, events are counted per account instead of kept, the operator is told,
 *    and the trail itself gets an event that says how many are missing: nothing is lost silently.
 * 3. A batch is written until it is; events carry their id, so a batch whose acknowledgement was lost is not there twice.
 * 4. stop() writes what waits, for at most STOP_MS; what is left then is told with its number.
 */

const MAX_PENDING = 50_000;
const BATCH = 1_000;
/** A crash loses at most this much of the trail. */
const FLUSH_MS = 200;
const RETRY_MS = 1_000;
const STOP_MS = 5_000;

export interface AuditLogOptions {
  database: Database;
  clock?: Clock;
  /** Told of failed writes (which are tried again) and of events that were lost. */
  onError: (error: Error) => void;
  /** Default 50,000. */
  maxPending?: number;
}

export class AuditLog {
  private pending: RecordedEvent[] = [];
  /** Number of events not kept since the last time this was recorded, by account. */
  private readonly lost = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private writing: Promise<boolean> | undefined;
  private stopped = false;
  private readonly clock: Clock;
  private readonly maxPending: number;

  constructor(private readonly options: AuditLogOptions) {
    this.clock = options.clock ?? systemClock;
    this.maxPending = options.maxPending ?? MAX_PENDING;
  }

  record(event: AuditEvent): void {
    if (this.pending.length >= this.maxPending) {
      if (this.lost.size === 0)
        this.options.onError(
          new InfrastructureError(`${this.maxPending} audit events wait to be written; further ones are only counted`),
        );
      this.lost.set(event.accountId, (this.lost.get(event.accountId) ?? 0) + 1);
      return;
    }
    this.pending.push({ id: randomUUID(), ...event });
    if (!this.stopped && this.timer === undefined) this.writeLater(FLUSH_MS);
  }

  /** Events recorded before are stored when this resolves. @throws InfrastructureError when they cannot be written now; they stay and are tried again */
  async flush(): Promise<void> {
    while (this.pending.length > 0 || this.lost.size > 0) {
      if (!(await this.writeOnce())) throw new InfrastructureError('Audit events cannot be written');
    }
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    const end = Date.now() + STOP_MS;
    while (this.pending.length > 0 || this.lost.size > 0) {
      if (await this.writeOnce()) continue;
      if (Date.now() >= end) break;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS / 4));
    }
    const unwritten = this.pending.length + [...this.lost.values()].reduce((sum, count) => sum + count, 0);
    if (unwritten > 0)
      this.options.onError(new InfrastructureError(`${unwritten} audit events were lost at the end of the process`));
  }

  private writeLater(delayMs: number): void {
    this.timer = setTimeout(() => {
      void this.writeOnce().then((written) => {
        this.timer = undefined;
        if (!this.stopped && (this.pending.length > 0 || this.lost.size > 0)) this.writeLater(written ? 0 : RETRY_MS);
      });
    }, delayMs);
    this.timer.unref();
  }

  /** One batch at a time. @returns false when it could not be written; that was told */
  private writeOnce(): Promise<boolean> {
    return (this.writing ??= this.writeBatch().finally(() => (this.writing = undefined)));
  }

  private async writeBatch(): Promise<boolean> {
    const batch = this.pending.slice(0, BATCH);
    const losses = new Map(this.lost);
    try {
      await this.insertAll([...batch, ...[...losses].map(([accountId, count]) => this.lossEvent(accountId, count))]);
    } catch (error) {
      this.options.onError(new InfrastructureError('Audit events cannot be written; they are tried again', { cause: error }));
      return false;
    }
    this.pending = this.pending.slice(batch.length);
    for (const [accountId, count] of losses) {
      const left = this.lost.get(accountId)! - count;
      if (left === 0) this.lost.delete(accountId);
      else this.lost.set(accountId, left);
    }
    return true;
  }

  /** An event that can never be stored must not hold up all others for ever: it is told and left out. */
  private async insertAll(events: readonly RecordedEvent[]): Promise<void> {
    try {
      await insert(this.options.database, events);
    } catch (error) {
      if (!isDataError(error)) throw error;
      const [first] = events;
      if (events.length === 1)
        this.options.onError(
          new InfrastructureError(`An audit event cannot be stored and is lost: ${JSON.stringify(first)}`, { cause: error }),
        );
      else {
        const half = Math.ceil(events.length / 2);
        await this.insertAll(events.slice(0, half));
        await this.insertAll(events.slice(half));
      }
    }
  }

  private lossEvent(accountId: string, count: number): RecordedEvent {
    const id = randomUUID();
    return {
      id,
      time: this.clock.now(),
      accountId,
      principalArn: 'hearth',
      region: '',
      service: 'hearth',
      action: LOST_EVENTS_ACTION,
      resource: String(count),
      requestId: id,
    };
  }
}

async function insert({ pool }: Database, events: readonly RecordedEvent[]): Promise<void> {
  await pool.query(
    `INSERT INTO audit_events (id, time, account_id, principal_arn, access_key_id, source_ip, user_agent, region, service, action, resource, error_code, request_id)
     SELECT id, to_timestamp(time / 1000.0), "accountId", "principalArn", "accessKeyId", "sourceIp", "userAgent", region, service, action, resource, "errorCode", "requestId"
     FROM json_to_recordset($1) AS e (id uuid, time double precision, "accountId" text, "principalArn" text, "accessKeyId" text, "sourceIp" text, "userAgent" text,
       region text, service text, action text, resource text, "errorCode" text, "requestId" text)
     ON CONFLICT (id) DO NOTHING`,
    [JSON.stringify(events.map(storable))],
  );
}

/** SQLSTATE classes 22 and 23: the values are wrong, and will be the next time. */
function isDataError(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('22') || code.startsWith('23');
}

const MAX_TEXT = 2_048;
/** What Postgres cannot store in a text: NUL, and halves of surrogate pairs in JSON. One such header must not stop the whole batch. */
const UNSTORABLE = /\0|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/** Callers choose parts of these texts: their length is bounded. */
function storable(event: RecordedEvent): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(event).map(([name, value]: [string, unknown]) => [
      name,
      typeof value === 'string' ? value.slice(0, MAX_TEXT).replace(UNSTORABLE, '\uFFFD') : value,
    ]),
  );
}
