import type { Database } from '@hearth/database';

/** Who keeps the tags of a kind of resource. */
export interface TagOwner {
  /** @returns undefined when there is no such resource */
  tagsOf(place: TaggedPlace): Promise<Record<string, string> | undefined>;
  add(place: TaggedPlace, tags: Record<string, string>, maxTags: number): Promise<'done' | 'unknown' | 'too many'>;
  /** @returns false when there is no such resource */
  remove(place: TaggedPlace, keys: readonly string[]): Promise<boolean>;
}

export interface TaggedPlace {
  accountId: string;
  region: string;
  id: string;
}

/** Tags in the column `tags` of a table with account and region. */
export class TaggedTable implements TagOwner {
  private readonly where: string;

  /** @param idColumn compared as text */
  constructor(
    private readonly database: Database,
    private readonly table: 'code_signing_configs' | 'event_source_mappings',
    idColumn: 'id' | 'uuid',
  ) {
    this.where = `account_id = $1 AND region = $2 AND ${idColumn}::text = $3`;
  }

  async tagsOf({ accountId, region, id }: TaggedPlace): Promise<Record<string, string> | undefined> {
    const { rows } = await this.database.pool.query<{ tags: Record<string, string> }>(`SELECT tags FROM ${this.table} WHERE ${this.where}`, [accountId, region, id]);
    return rows[0]?.tags;
  }

  async add({ accountId, region, id }: TaggedPlace, tags: Record<string, string>, maxTags: number): Promise<'done' | 'unknown' | 'too many'> {
    const { rowCount } = await this.database.pool.query(
      `UPDATE ${this.table} SET tags = tags || $4::jsonb WHERE ${this.where} AND (SELECT count(*) FROM jsonb_object_keys(tags || $4::jsonb)) <= $5`,
      [accountId, region, id, tags, maxTags],
    );
    if (rowCount !== 0) return 'done';
    return (await this.tagsOf({ accountId, region, id })) === undefined ? 'unknown' : 'too many';
  }

  async remove({ accountId, region, id }: TaggedPlace, keys: readonly string[]): Promise<boolean> {
    return (await this.database.pool.query(`UPDATE ${this.table} SET tags = tags - $4::text[] WHERE ${this.where}`, [accountId, region, id, keys])).rowCount === 1;
  }
}
