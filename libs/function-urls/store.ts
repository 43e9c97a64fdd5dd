import type { Database } from '@hearth/database';
import type { Cors, FunctionUrl } from './function-url.js';

const UNIQUE_VIOLATION = '23505';
const FOREIGN_KEY_VIOLATION = '23503';

interface Row {
  url_id: string;
  function_id: string;
  account_id: string;
  region: string;
  name: string;
  qualifier: string;
  auth_type: FunctionUrl['authType'];
  cors: Cors | null;
  invoke_mode: FunctionUrl['invokeMode'];
  created_at: Date;
  modified_at: Date;
}

const COLUMNS = 'u.url_id, u.function_id, f.account_id, f.region, f.name, u.qualifier, u.auth_type, u.cors, u.invoke_mode, u.created_at, u.modified_at';
const SELECT = `SELECT ${COLUMNS} FROM function_urls u JOIN functions f ON f.id = u.function_id`;

export interface UrlPlace {
  accountId: string;
  region: string;
  name: string;
  /** An alias; absent for the function itself. */
  qualifier?: string;
}

/** What UpdateFunctionUrlConfig changes; absent members stay, `cors: null` takes the CORS settings away. */
export type UrlChange = { authType?: FunctionUrl['authType']; invokeMode?: FunctionUrl['invokeMode']; cors?: Cors | null };

/** The table of function URLs; nothing else in this library speaks SQL. */
export class FunctionUrlStore {
  /** @param changed called with the function's id after each commit, before the writer goes on */
  constructor(
    private readonly database: Database,
    private readonly changed: (functionId: string) => void,
  ) {}

  async byId(urlId: string): Promise<FunctionUrl | undefined> {
    const { rows } = await this.database.pool.query<Row>({ name: 'hearth-function-url', text: `${SELECT} WHERE u.url_id = $1`, values: [urlId] });
    return rows[0] && toFunctionUrl(rows[0]);
  }

  async find({ accountId, region, name, qualifier }: UrlPlace): Promise<FunctionUrl | undefined> {
    const { rows } = await this.database.pool.query<Row>(`${SELECT} WHERE f.account_id = $1 AND f.region = $2 AND f.name = $3 AND u.qualifier = $4`, [accountId, region, name, qualifier ?? '']);
    return rows[0] && toFunctionUrl(rows[0]);
  }

  /** The function's own URL first, then those of its aliases by name. */
  async list(functionId: string, after: string | undefined, limit: number): Promise<FunctionUrl[]> {
    const { rows } = await this.database.pool.query<Row>(`${SELECT} WHERE u.function_id = $1 AND ($2::text IS NULL OR u.qualifier > $2) ORDER BY u.qualifier LIMIT $3`, [functionId, after ?? null, limit]);
    return rows.map(toFunctionUrl);
  }

  async insert(url: FunctionUrl): Promise<'inserted' | 'exists' | 'no function'> {
    try {
      await this.database.pool.query(
        'INSERT INTO function_urls (url_id, function_id, qualifier, auth_type, cors, invoke_mode, created_at, modified_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)',
        [url.urlId, url.functionId, url.qualifier ?? '', url.authType, url.cors ?? null, url.invokeMode, url.createdAt, url.modifiedAt],
      );
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === UNIQUE_VIOLATION) return 'exists';
      if (code === FOREIGN_KEY_VIOLATION) return 'no function';
      throw error;
    }
    this.changed(url.functionId);
    return 'inserted';
  }

  /** @returns the URL as it is now; undefined when there is none */
  async update({ accountId, region, name, qualifier }: UrlPlace, change: UrlChange, now: Date): Promise<FunctionUrl | undefined> {
    const { rows } = await this.database.pool.query<Row>(
      `UPDATE function_urls u SET auth_type = COALESCE($5, u.auth_type), cors = CASE WHEN $6 THEN $7::jsonb ELSE u.cors END, invoke_mode = COALESCE($9, u.invoke_mode), modified_at = $8
       FROM functions f WHERE f.id = u.function_id AND f.account_id = $1 AND f.region = $2 AND f.name = $3 AND u.qualifier = $4 RETURNING ${COLUMNS}`,
      [accountId, region, name, qualifier ?? '', change.authType ?? null, change.cors !== undefined, change.cors ?? null, now, change.invokeMode ?? null],
    );
    if (rows[0] === undefined) return undefined;
    this.changed(rows[0].function_id);
    return toFunctionUrl(rows[0]);
  }

  /** @returns false when there is none */
  async delete({ accountId, region, name, qualifier }: UrlPlace): Promise<boolean> {
    const { rows } = await this.database.pool.query<{ function_id: string }>(
      `DELETE FROM function_urls u USING functions f WHERE f.id = u.function_id AND f.account_id = $1 AND f.region = $2 AND f.name = $3 AND u.qualifier = $4 RETURNING u.function_id`,
      [accountId, region, name, qualifier ?? ''],
    );
    if (rows[0] === undefined) return false;
    this.changed(rows[0].function_id);
    return true;
  }
}

function toFunctionUrl(row: Row): FunctionUrl {
  return {
    urlId: row.url_id,
    functionId: row.function_id,
    accountId: row.account_id,
    region: row.region,
    functionName: row.name,
    ...(row.qualifier === '' ? {} : { qualifier: row.qualifier }),
    authType: row.auth_type,
    ...(row.cors === null ? {} : { cors: row.cors }),
    invokeMode: row.invoke_mode,
    createdAt: row.created_at,
    modifiedAt: row.modified_at,
  };
}
