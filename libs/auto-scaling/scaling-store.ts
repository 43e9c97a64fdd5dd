import type { Database } from '@hearth/database';
import type pg from 'pg';

export interface Place {
  accountId: string;
  region: string;
}

export interface SuspendedState {
  DynamicScalingInSuspended: boolean;
  DynamicScalingOutSuspended: boolean;
  ScheduledScalingSuspended: boolean;
}

export interface TargetRow {
  account_id: string;
  region: string;
  resource_id: string;
  arn_id: string;
  min_capacity: number;
  max_capacity: number;
  suspended_state: SuspendedState;
  created_at: Date;
}

export interface ActionRow {
  account_id: string;
  region: string;
  resource_id: string;
  name: string;
  arn_id: string;
  schedule: string;
  timezone: string | null;
  start_time: Date | null;
  end_time: Date | null;
  min_capacity: number | null;
  max_capacity: number | null;
  created_at: Date;
  /** null: it never runs again. */
  due_at: Date | null;
}

type Queryable = Pick<pg.PoolClient, 'query'>;

/** Tables `scalable_targets` and `scheduled_actions`. */
export class ScalingStore {
  constructor(readonly database: Database) {}

  async target({ accountId, region }: Place, resourceId: string): Promise<TargetRow | undefined> {
    const { rows } = await this.database.pool.query<TargetRow>('SELECT * FROM scalable_targets WHERE account_id = $1 AND region = $2 AND resource_id = $3', [accountId, region, resourceId]);
    return rows[0];
  }

  /** Until the commit; actions of one target take turns. */
  async lockTarget({ account_id, region, resource_id }: ActionRow, client: Queryable): Promise<TargetRow | undefined> {
    const { rows } = await client.query<TargetRow>('SELECT * FROM scalable_targets WHERE account_id = $1 AND region = $2 AND resource_id = $3 FOR UPDATE', [account_id, region, resource_id]);
    return rows[0];
  }

  async putTarget(row: TargetRow, connection: Queryable = this.database.pool): Promise<void> {
    await connection.query(
      `INSERT INTO scalable_targets (account_id, region, resource_id, arn_id, min_capacity, max_capacity, suspended_state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (account_id, region, resource_id) DO UPDATE SET min_capacity = $5, max_capacity = $6, suspended_state = $7`,
      [row.account_id, row.region, row.resource_id, row.arn_id, row.min_capacity, row.max_capacity, row.suspended_state, row.created_at],
    );
  }

  /** Its scheduled actions go with it. @returns false when there is none */
  async deleteTarget({ accountId, region }: Place, resourceId: string): Promise<boolean> {
    return (await this.database.pool.query('DELETE FROM scalable_targets WHERE account_id = $1 AND region = $2 AND resource_id = $3', [accountId, region, resourceId])).rowCount === 1;
  }

  async targets({ accountId, region }: Place, resourceIds: readonly string[] | undefined, after: string, limit: number): Promise<TargetRow[]> {
    const { rows } = await this.database.pool.query<TargetRow>(
      'SELECT * FROM scalable_targets WHERE account_id = $1 AND region = $2 AND ($3::text[] IS NULL OR resource_id = ANY($3)) AND resource_id > $4 ORDER BY resource_id LIMIT $5',
      [accountId, region, resourceIds ?? null, after, limit],
    );
    return rows;
  }

  async action({ accountId, region }: Place, resourceId: string, name: string): Promise<ActionRow | undefined> {
    const { rows } = await this.database.pool.query<ActionRow>('SELECT * FROM scheduled_actions WHERE account_id = $1 AND region = $2 AND resource_id = $3 AND name = $4', [accountId, region, resourceId, name]);
    return rows[0];
  }

  /** @returns false when the target is gone */
  async putAction(row: ActionRow): Promise<boolean> {
    const { rowCount } = await this.database.pool.query(
      `INSERT INTO scheduled_actions (account_id, region, resource_id, name, arn_id, schedule, timezone, start_time, end_time, min_capacity, max_capacity, created_at, due_at)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13 WHERE EXISTS (SELECT 1 FROM scalable_targets WHERE account_id = $1 AND region = $2 AND resource_id = $3 FOR KEY SHARE)
       ON CONFLICT (account_id, region, resource_id, name)
       DO UPDATE SET schedule = $6, timezone = $7, start_time = $8, end_time = $9, min_capacity = $10, max_capacity = $11, due_at = $13`,
      [row.account_id, row.region, row.resource_id, row.name, row.arn_id, row.schedule, row.timezone, row.start_time, row.end_time, row.min_capacity, row.max_capacity, row.created_at, row.due_at],
    );
    return rowCount === 1;
  }

  async deleteAction({ accountId, region }: Place, resourceId: string, name: string, connection: Queryable = this.database.pool): Promise<boolean> {
    return (await connection.query('DELETE FROM scheduled_actions WHERE account_id = $1 AND region = $2 AND resource_id = $3 AND name = $4', [accountId, region, resourceId, name])).rowCount === 1;
  }

  async actions({ accountId, region }: Place, resourceId: string | undefined, names: readonly string[] | undefined, after: readonly [string, string], limit: number): Promise<ActionRow[]> {
    const { rows } = await this.database.pool.query<ActionRow>(
      `SELECT * FROM scheduled_actions WHERE account_id = $1 AND region = $2 AND ($3::text IS NULL OR resource_id = $3) AND ($4::text[] IS NULL OR name = ANY($4)) AND (resource_id, name) > ($5, $6)
       ORDER BY resource_id, name LIMIT $7`,
      [accountId, region, resourceId ?? null, names ?? null, ...after, limit],
    );
    return rows;
  }

  /** One that is due, locked until the commit; others' are passed by. */
  async lockDue(now: Date, client: Queryable): Promise<ActionRow | undefined> {
    const { rows } = await client.query<ActionRow>('SELECT * FROM scheduled_actions WHERE due_at <= $1 ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED', [now]);
    return rows[0];
  }

  async setDue({ account_id, region, resource_id, name }: ActionRow, due: Date | null, client: Queryable): Promise<void> {
    await client.query('UPDATE scheduled_actions SET due_at = $5 WHERE account_id = $1 AND region = $2 AND resource_id = $3 AND name = $4', [account_id, region, resource_id, name, due]);
  }
}
