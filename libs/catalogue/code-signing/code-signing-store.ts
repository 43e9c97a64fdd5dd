import type { Database } from '@hearth/database';
import type { CodeSigningConfig, SigningPolicy } from './code-signing-config.js';

interface Row {
  id: string;
  account_id: string;
  region: string;
  description: string | null;
  allowed_publishers: string[];
  untrusted_artifacts: SigningPolicy;
  tags: Record<string, string>;
  last_modified: Date;
}

interface Account {
  accountId: string;
  region: string;
}

const FOREIGN_KEY_VIOLATION = '23503';
/** Postgres 18 tells ON DELETE RESTRICT from other violations, older ones do not. */
const STILL_REFERENCED = new Set([FOREIGN_KEY_VIOLATION, '23001']);
const OF_FUNCTION = 'SELECT c.* FROM function_code_signing s JOIN code_signing_configs c ON c.id = s.config_id WHERE s.function_id = $1';

/** What both a pool and a client of it can do: a decision under a function's lock reads with the client that holds it. */
export type Reader = Pick<Database['pool'], 'query'>;

/** The tables of code signing; functions are locked by the catalogue's store. */
export class CodeSigningStore {
  constructor(private readonly database: Database) {}

  async insert(config: CodeSigningConfig): Promise<void> {
    await this.database.pool.query(
      'INSERT INTO code_signing_configs (id, account_id, region, description, allowed_publishers, untrusted_artifacts, tags, last_modified) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)',
      [config.id, config.accountId, config.region, config.description ?? null, config.allowedPublishers, config.untrustedArtifacts, config.tags, config.lastModified],
    );
  }

  async find({ accountId, region }: Account, id: string): Promise<CodeSigningConfig | undefined> {
    const { rows } = await this.database.pool.query<Row>('SELECT * FROM code_signing_configs WHERE account_id = $1 AND region = $2 AND id = $3', [accountId, region, id]);
    return rows[0] && toConfig(rows[0]);
  }

  /** Ordered by id. */
  async list({ accountId, region }: Account, after: string, limit: number): Promise<CodeSigningConfig[]> {
    const { rows } = await this.database.pool.query<Row>('SELECT * FROM code_signing_configs WHERE account_id = $1 AND region = $2 AND id > $3 ORDER BY id LIMIT $4', [accountId, region, after, limit]);
    return rows.map(toConfig);
  }

  /** Absent members stay. @returns undefined when there is no such configuration */
  async update({ accountId, region }: Account, id: string, change: Partial<Pick<CodeSigningConfig, 'description' | 'allowedPublishers' | 'untrustedArtifacts'>>, now: Date): Promise<CodeSigningConfig | undefined> {
    const { rows } = await this.database.pool.query<Row>(
      `UPDATE code_signing_configs SET description = COALESCE($4, description), allowed_publishers = COALESCE($5, allowed_publishers),
       untrusted_artifacts = COALESCE($6, untrusted_artifacts), last_modified = $7 WHERE account_id = $1 AND region = $2 AND id = $3 RETURNING *`,
      [accountId, region, id, change.description ?? null, change.allowedPublishers ?? null, change.untrustedArtifacts ?? null, now],
    );
    return rows[0] && toConfig(rows[0]);
  }

  async delete({ accountId, region }: Account, id: string): Promise<'deleted' | 'unknown' | 'in use'> {
    try {
      const { rowCount } = await this.database.pool.query('DELETE FROM code_signing_configs WHERE account_id = $1 AND region = $2 AND id = $3', [accountId, region, id]);
      return rowCount === 0 ? 'unknown' : 'deleted';
    } catch (error) {
      if (STILL_REFERENCED.has((error as { code?: string }).code ?? '')) return 'in use';
      throw error;
    }
  }

  /** Names of the functions that have this configuration. */
  async functionsOf(configId: string, after: string, limit: number): Promise<string[]> {
    const { rows } = await this.database.pool.query<{ name: string }>(
      'SELECT f.name FROM function_code_signing s JOIN functions f ON f.id = s.function_id WHERE s.config_id = $1 AND f.name > $2 ORDER BY f.name LIMIT $3',
      [configId, after, limit],
    );
    return rows.map(({ name }) => name);
  }

  async ofFunction(functionId: string, reader: Reader = this.database.pool): Promise<CodeSigningConfig | undefined> {
    const { rows } = await reader.query<Row>(OF_FUNCTION, [functionId]);
    return rows[0] && toConfig(rows[0]);
  }

  /** @returns false when function or configuration is gone */
  async attach(functionId: string, configId: string, writer: Reader = this.database.pool): Promise<boolean> {
    try {
      await writer.query('INSERT INTO function_code_signing (function_id, config_id) VALUES ($1, $2) ON CONFLICT (function_id) DO UPDATE SET config_id = excluded.config_id', [functionId, configId]);
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === FOREIGN_KEY_VIOLATION) return false;
      throw error;
    }
  }

  async detach(functionId: string): Promise<void> {
    await this.database.pool.query('DELETE FROM function_code_signing WHERE function_id = $1', [functionId]);
  }
}

function toConfig(row: Row): CodeSigningConfig {
  return {
    id: row.id,
    accountId: row.account_id,
    region: row.region,
    ...(row.description === null ? {} : { description: row.description }),
    allowedPublishers: row.allowed_publishers,
    untrustedArtifacts: row.untrusted_artifacts,
    tags: row.tags,
    lastModified: row.last_modified,
  };
}
