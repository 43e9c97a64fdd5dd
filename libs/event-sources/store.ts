import type { Database } from '@hearth/database';
import type { EventSourceMapping } from './mapping/event-source-mapping.js';

interface Row {
  uuid: string;
  account_id: string;
  region: string;
  function_name: string;
  qualifier: string;
  kind: EventSourceMapping['kind'];
  source: string;
  enabled: boolean;
  settings: EventSourceMapping['settings'];
  tags: Record<string, string>;
  last_modified: Date;
}

interface Account {
  accountId: string;
  region: string;
}

const UNIQUE_VIOLATION = '23505';
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const OF_ACCOUNT = 'account_id = $1 AND region = $2';

export interface MappingFilter {
  eventSourceArn?: string;
  functionName?: string;
  /** With functionName: '' for mappings of the function itself. */
  qualifier?: string;
}

/** The table of event source mappings; nothing else in this library speaks SQL. */
export class MappingStore {
  constructor(private readonly database: Database) {}

  /** @returns the UUID of the mapping that is there already; undefined when this one was inserted */
  async insert(mapping: EventSourceMapping): Promise<string | undefined> {
    return this.unlessDuplicate(mapping, () =>
      this.database.pool.query(
        `INSERT INTO event_source_mappings (uuid, account_id, region, function_name, qualifier, kind, source, enabled, settings, tags, last_modified)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [mapping.uuid, mapping.accountId, mapping.region, mapping.functionName, mapping.qualifier ?? '', mapping.kind, mapping.source, mapping.enabled, mapping.settings, mapping.tags, mapping.lastModified],
      ),
    );
  }

  async find({ accountId, region }: Account, uuid: string): Promise<EventSourceMapping | undefined> {
    if (!UUID.test(uuid)) return undefined;
    const { rows } = await this.database.pool.query<Row>(`SELECT * FROM event_source_mappings WHERE ${OF_ACCOUNT} AND uuid = $3::uuid`, [accountId, region, uuid]);
    return rows[0] && toMapping(rows[0]);
  }

  /** Ordered by UUID. */
  async list({ accountId, region }: Account, filter: MappingFilter, after: string | undefined, limit: number): Promise<EventSourceMapping[]> {
    if (after !== undefined && !UUID.test(after)) return [];
    const { rows } = await this.database.pool.query<Row>(
      `SELECT * FROM event_source_mappings WHERE ${OF_ACCOUNT} AND ($3::text IS NULL OR settings->>'EventSourceArn' = $3)
       AND ($4::text IS NULL OR (function_name = $4 AND qualifier = $5)) AND ($6::uuid IS NULL OR uuid > $6::uuid) ORDER BY uuid LIMIT $7`,
      [accountId, region, filter.eventSourceArn ?? null, filter.functionName ?? null, filter.qualifier ?? '', after ?? null, limit],
    );
    return rows.map(toMapping);
  }

  /**
   * Runs `change` with the mapping locked, so that writers take turns.
   * @returns what was stored and, when that would have been a second one of its kind, the UUID of the first; undefined when there is no such mapping
   */
  async update({ accountId, region }: Account, uuid: string, change: (current: EventSourceMapping) => EventSourceMapping): Promise<{ before: EventSourceMapping; mapping: EventSourceMapping; duplicateOf?: string } | undefined> {
    if (!UUID.test(uuid)) return undefined;
    let before: EventSourceMapping | undefined;
    let mapping: EventSourceMapping | undefined;
    const write = () =>
      this.database.transaction(async (client) => {
        const { rows } = await client.query<Row>(`SELECT * FROM event_source_mappings WHERE ${OF_ACCOUNT} AND uuid = $3::uuid FOR UPDATE`, [accountId, region, uuid]);
        if (rows[0] === undefined) return;
        before = toMapping(rows[0]);
        mapping = change(before);
        await client.query('UPDATE event_source_mappings SET function_name = $2, qualifier = $3, enabled = $4, settings = $5, last_modified = $6 WHERE uuid = $1', [
          mapping.uuid,
          mapping.functionName,
          mapping.qualifier ?? '',
          mapping.enabled,
          mapping.settings,
          mapping.lastModified,
        ]);
      });
    const duplicateOf = await this.unlessDuplicate(() => mapping!, write);
    return before && mapping && { before, mapping, duplicateOf };
  }

  /** @returns the mapping as it was; undefined when there is none */
  async delete({ accountId, region }: Account, uuid: string): Promise<EventSourceMapping | undefined> {
    if (!UUID.test(uuid)) return undefined;
    const { rows } = await this.database.pool.query<Row>(`DELETE FROM event_source_mappings WHERE ${OF_ACCOUNT} AND uuid = $3::uuid RETURNING *`, [accountId, region, uuid]);
    return rows[0] && toMapping(rows[0]);
  }

  private async unlessDuplicate(wanted: EventSourceMapping | (() => EventSourceMapping), write: () => Promise<unknown>): Promise<string | undefined> {
    try {
      await write();
      return undefined;
    } catch (error) {
      if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
      const { accountId, region, source, functionName, qualifier } = typeof wanted === 'function' ? wanted() : wanted;
      const { rows } = await this.database.pool.query<{ uuid: string }>(`SELECT uuid FROM event_source_mappings WHERE ${OF_ACCOUNT} AND source = $3 AND function_name = $4 AND qualifier = $5`, [
        accountId,
        region,
        source,
        functionName,
        qualifier ?? '',
      ]);
      if (rows[0] === undefined) throw error; // Deleted meanwhile: the caller may try again.
      return rows[0].uuid;
    }
  }
}

function toMapping(row: Row): EventSourceMapping {
  return {
    uuid: row.uuid,
    accountId: row.account_id,
    region: row.region,
    functionName: row.function_name,
    ...(row.qualifier === '' ? {} : { qualifier: row.qualifier }),
    kind: row.kind,
    source: row.source,
    enabled: row.enabled,
    settings: row.settings,
    tags: row.tags,
    lastModified: row.last_modified,
  };
}
