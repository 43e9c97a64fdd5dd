import type { Database } from '@hearth/database';
import type { RecordedEvent } from './audit-event.js';

/** Which events of one account. */
export interface AuditFilter {
  accountId: string;
  /** Inclusive; milliseconds since the epoch. */
  from?: number;
  /** Exclusive; milliseconds since the epoch. */
  to?: number;
  principalArn?: string;
  /** `lambda:CreateFunction` */
  action?: string;
}

/** Where the last page ended. */
export interface AuditCursor {
  time: number;
  id: string;
}

export interface AuditPage {
  /** The newest first. */
  events: RecordedEvent[];
  /** Present when there are more. */
  next?: AuditCursor;
}

const PAGE = 1_000;

/** Reads the trail that AuditLog writes. */
export class AuditTrail {
  constructor(private readonly database: Database) {}

  /** @param limit 1 to 1,000 */
  async query(filter: AuditFilter, { limit = 100, after }: { limit?: number; after?: AuditCursor } = {}): Promise<AuditPage> {
    const size = Math.min(Math.max(limit, 1), PAGE);
    const { rows } = await this.database.pool.query<EventRow>(
      `SELECT * FROM audit_events
       WHERE account_id = $1 AND ($2::timestamptz IS NULL OR time >= $2) AND ($3::timestamptz IS NULL OR time < $3)
         AND ($4::text IS NULL OR principal_arn = $4) AND ($5::text IS NULL OR action = $5)
         AND ($6::timestamptz IS NULL OR (time, id) < ($6, $7::uuid))
       ORDER BY time DESC, id DESC LIMIT $8`,
      [
        filter.accountId,
        date(filter.from),
        date(filter.to),
        filter.principalArn ?? null,
        filter.action ?? null,
        date(after?.time),
        after?.id ?? null,
        size + 1,
      ],
    );
    const events = rows.slice(0, size).map(fromRow);
    const last = events.at(-1);
    return rows.length > size ? { events, next: { time: last!.time, id: last!.id } } : { events };
  }

  /** Every matching event, the newest first, for exports of any size: one page is in memory at a time. */
  async *export(filter: AuditFilter): AsyncGenerator<RecordedEvent> {
    for (let after: AuditCursor | undefined; ;) {
      const page = await this.query(filter, { limit: PAGE, ...(after === undefined ? {} : { after }) });
      yield* page.events;
      if (page.next === undefined) return;
      after = page.next;
    }
  }
}

function date(epochMs: number | undefined): Date | null {
  return epochMs === undefined ? null : new Date(epochMs);
}

function fromRow(row: EventRow): RecordedEvent {
  return {
    id: row.id,
    time: row.time.getTime(),
    accountId: row.account_id,
    principalArn: row.principal_arn,
    ...(row.access_key_id === null ? {} : { accessKeyId: row.access_key_id }),
    ...(row.source_ip === null ? {} : { sourceIp: row.source_ip }),
    ...(row.user_agent === null ? {} : { userAgent: row.user_agent }),
    region: row.region,
    service: row.service,
    action: row.action,
    resource: row.resource,
    ...(row.error_code === null ? {} : { errorCode: row.error_code }),
    requestId: row.request_id,
  };
}

interface EventRow {
  id: string;
  time: Date;
  account_id: string;
  principal_arn: string;
  access_key_id: string | null;
  source_ip: string | null;
  user_agent: string | null;
  region: string;
  service: string;
  action: string;
  resource: string;
  error_code: string | null;
  request_id: string;
}
