import type { Database } from '@hearth/database';
import { groupExists, noSuchGroup, noSuchStream, operationAborted, streamExists } from './errors.js';

/** Whose log groups: every row carries account and region. */
export interface LogPlace {
  accountId: string;
  region: string;
}

export interface StreamName {
  place: LogPlace;
  group: string;
  stream: string;
}

/** A stream that is to be written to, and what may be made for it. */
export interface WantedStream {
  name: StreamName;
  createGroup: boolean;
  createStream: boolean;
}

export interface GroupRow {
  id: string;
  name: string;
  retention_days: number | null;
  log_group_class: string;
  deletion_protection: boolean;
  tags: Record<string, string>;
  created_at: Date;
}

export interface StreamRow {
  id: string;
  name: string;
  created_at: Date;
  /** Epoch ms as decimal text. */
  first_event_at: string | null;
  last_event_at: string | null;
  last_ingestion: string | null;
}

export interface NewGroup {
  logGroupClass: string;
  deletionProtection: boolean;
  tags: Record<string, string>;
}

const GROUP_COLUMNS = 'g.id, g.name, g.retention_days, g.log_group_class, g.deletion_protection, g.tags, g.created_at';
const STREAM_COLUMNS = 's.id, s.name, s.created_at, s.first_event_at, s.last_event_at, s.last_ingestion';

/** Log groups and streams; the lines themselves are in BlockStore. */
export class GroupStore {
  constructor(private readonly database: Database) {}

  /** @throws ServiceError ResourceAlreadyExistsException */
  async createGroup({ accountId, region }: LogPlace, name: string, group: NewGroup): Promise<void> {
    const { rowCount } = await this.database.pool.query(
      `INSERT INTO log_groups (account_id, region, name, log_group_class, deletion_protection, tags) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
      [accountId, region, name, group.logGroupClass, group.deletionProtection, group.tags],
    );
    if (rowCount === 0) throw groupExists();
  }

  /** @throws ServiceError ResourceNotFoundException */
  async group({ accountId, region }: LogPlace, name: string): Promise<GroupRow> {
    const { rows } = await this.database.pool.query<GroupRow>(
      `SELECT ${GROUP_COLUMNS} FROM log_groups g WHERE account_id = $1 AND region = $2 AND name = $3`,
      [accountId, region, name],
    );
    if (rows[0] === undefined) throw noSuchGroup();
    return rows[0];
  }

  /** None for a group that does not exist. */
  async tagsOf({ accountId, region }: LogPlace, name: string): Promise<Record<string, string>> {
    const { rows } = await this.database.pool.query<{ tags: Record<string, string> }>('SELECT tags FROM log_groups WHERE account_id = $1 AND region = $2 AND name = $3', [accountId, region, name]);
    return rows[0]?.tags ?? {};
  }

  /** Groups by name after `after`. `bytes` is what their lines take. */
  async listGroups(
    { accountId, region }: LogPlace,
    options: { prefix?: string; contains?: string; names?: string[]; logGroupClass?: string; after?: string; limit: number },
  ): Promise<(GroupRow & { bytes: string })[]> {
    const { rows } = await this.database.pool.query<GroupRow & { bytes: string }>(
      `SELECT ${GROUP_COLUMNS}, (SELECT coalesce(sum(s.stored_bytes), 0) FROM log_streams s WHERE s.group_id = g.id) AS bytes
       FROM log_groups g WHERE account_id = $1 AND region = $2 AND ($3::text IS NULL OR starts_with(name, $3)) AND ($4::text IS NULL OR strpos(name, $4) > 0)
         AND ($5::text IS NULL OR name COLLATE "C" > $5) AND ($6::text[] IS NULL OR name = ANY($6)) AND ($7::text IS NULL OR log_group_class = $7)
       ORDER BY name COLLATE "C" LIMIT $8`,
      [accountId, region, options.prefix ?? null, options.contains ?? null, options.after ?? null, options.names ?? null, options.logGroupClass ?? null, options.limit],
    );
    return rows;
  }

  async setRetention(groupId: string, days: number | null): Promise<void> {
    await this.database.pool.query('UPDATE log_groups SET retention_days = $2 WHERE id = $1', [groupId, days]);
  }

  async addTags(groupId: string, tags: Record<string, string>, most: number): Promise<boolean> {
    const { rowCount } = await this.database.pool.query(
      `UPDATE log_groups SET tags = tags || $2::jsonb WHERE id = $1 AND (SELECT count(*) FROM jsonb_object_keys(tags || $2::jsonb)) <= $3`,
      [groupId, tags, most],
    );
    return rowCount === 1;
  }

  async removeTags(groupId: string, keys: readonly string[]): Promise<void> {
    await this.database.pool.query('UPDATE log_groups SET tags = tags - $2::text[] WHERE id = $1', [groupId, keys]);
  }

  /** The group and its streams are gone at once; their lines are unreachable and leave with the next sweep. */
  async deleteGroup({ accountId, region }: LogPlace, name: string): Promise<void> {
    await this.database.transaction(async (client) => {
      const { rows } = await client.query<{ id: string; deletion_protection: boolean }>(
        'SELECT id, deletion_protection FROM log_groups WHERE account_id = $1 AND region = $2 AND name = $3 FOR UPDATE',
        [accountId, region, name],
      );
      const group = rows[0];
      if (group === undefined) throw noSuchGroup();
      if (group.deletion_protection) throw operationAborted('The log group has deletion protection enabled.');
      // In the order of their ids, as writers take them: no two wait for each other.
      await client.query('SELECT 1 FROM log_streams WHERE group_id = $1 ORDER BY id FOR UPDATE', [group.id]);
      await client.query('DELETE FROM log_groups WHERE id = $1', [group.id]);
      await client.query('INSERT INTO log_purges (group_id) VALUES ($1)', [group.id]);
    });
  }

  /** @throws ServiceError ResourceAlreadyExistsException */
  async createStream(groupId: string, name: string): Promise<void> {
    const { rowCount } = await this.database.pool.query('INSERT INTO log_streams (group_id, name) SELECT id, $2 FROM log_groups WHERE id = $1 ON CONFLICT DO NOTHING', [groupId, name]);
    if (rowCount === 0) throw streamExists();
  }

  /** @throws ServiceError ResourceNotFoundException */
  async stream(groupId: string, name: string): Promise<StreamRow> {
    const { rows } = await this.database.pool.query<StreamRow>(`SELECT ${STREAM_COLUMNS} FROM log_streams s WHERE group_id = $1 AND name = $2`, [groupId, name]);
    if (rows[0] === undefined) throw noSuchStream();
    return rows[0];
  }

  /** Streams in the asked order after the last one of the page before. */
  async listStreams(
    groupId: string,
    options: { prefix?: string; byLastEvent: boolean; descending: boolean; after?: { lastEvent: number; name: string }; limit: number },
  ): Promise<StreamRow[]> {
    const { byLastEvent, descending, after } = options;
    const direction = descending ? 'DESC' : 'ASC';
    const key = byLastEvent ? '(coalesce(s.last_event_at, 0), s.name COLLATE "C")' : '(0::bigint, s.name COLLATE "C")';
    const { rows } = await this.database.pool.query<StreamRow>(
      `SELECT ${STREAM_COLUMNS} FROM log_streams s WHERE group_id = $1 AND ($2::text IS NULL OR starts_with(s.name, $2))
         AND ($4::text IS NULL OR ${key} ${descending ? '<' : '>'} ($3::bigint, $4::text COLLATE "C"))
       ORDER BY ${byLastEvent ? `coalesce(s.last_event_at, 0) ${direction}, ` : ''}s.name COLLATE "C" ${direction} LIMIT $5`,
      [groupId, options.prefix ?? null, byLastEvent ? (after?.lastEvent ?? 0) : 0, after?.name ?? null, options.limit],
    );
    return rows;
  }

  async deleteStream(groupId: string, name: string): Promise<void> {
    const { rowCount } = await this.database.pool.query(
      `WITH gone AS (DELETE FROM log_streams WHERE group_id = $1 AND name = $2 RETURNING group_id, id)
       INSERT INTO log_purges (group_id, stream_id) SELECT group_id, id FROM gone`,
      [groupId, name],
    );
    if (rowCount === 0) throw noSuchStream();
  }

  /**
   * Ids of streams, made with their groups where needed and allowed: a function's log needs nobody to create it first.
   * @returns in the order given; undefined for a stream that is not there
   */
  async ensureStreams(streams: readonly WantedStream[]): Promise<(string | undefined)[]> {
    const column = <Value>(of: (stream: WantedStream) => Value) => streams.map(of);
    const names = [column(({ name }) => name.place.accountId), column(({ name }) => name.place.region), column(({ name }) => name.group)];
    const values = [...names, column(({ name }) => name.stream)];
    const wanted = 'unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS w(account_id, region, group_name, name, place)';
    await this.database.pool.query(
      `INSERT INTO log_groups (account_id, region, name) SELECT DISTINCT account_id, region, name FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) AS w(account_id, region, name, allowed)
       WHERE allowed ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING`,
      [...names, column(({ createGroup }) => createGroup)],
    );
    await this.database.pool.query(
      `INSERT INTO log_streams (group_id, name) SELECT DISTINCT g.id, w.name FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::boolean[]) AS w(account_id, region, group_name, name, allowed)
         JOIN log_groups g ON g.account_id = w.account_id AND g.region = w.region AND g.name = w.group_name WHERE allowed ORDER BY 1, 2 ON CONFLICT DO NOTHING`,
      [...values, column(({ createStream }) => createStream)],
    );
    const { rows } = await this.database.pool.query<{ id: string | null }>(
      `SELECT s.id FROM ${wanted} LEFT JOIN log_groups g ON g.account_id = w.account_id AND g.region = w.region AND g.name = w.group_name
         LEFT JOIN log_streams s ON s.group_id = g.id AND s.name = w.name ORDER BY w.place`,
      values,
    );
    return rows.map(({ id }) => id ?? undefined);
  }

  /** Streams of a group by name, those that exist; or all whose names begin so. */
  async streamIds(groupId: string, names: readonly string[] | undefined, prefix: string | undefined): Promise<string[]> {
    const { rows } = await this.database.pool.query<{ id: string }>(
      'SELECT id FROM log_streams WHERE group_id = $1 AND ($2::text[] IS NULL OR name = ANY($2)) AND ($3::text IS NULL OR starts_with(name, $3))',
      [groupId, names ?? null, prefix ?? null],
    );
    return rows.map(({ id }) => id);
  }

  async setDeletionProtection(groupId: string, enabled: boolean): Promise<void> {
    await this.database.pool.query('UPDATE log_groups SET deletion_protection = $2 WHERE id = $1', [groupId, enabled]);
  }
}
