import type { Database } from '@hearth/database';

/** Runs statements: the pool, or the connection of a transaction. */
export type Queryable = Pick<Database['pool'], 'query'>;

/** The SQLSTATE of a refused duplicate. */
const UNIQUE_VIOLATION = '23505';

export function isDuplicate(error: unknown): boolean {
  return (error as { code?: unknown }).code === UNIQUE_VIOLATION;
}
