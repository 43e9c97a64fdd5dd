import type { Database } from '@hearth/database';
import { OperatorError } from '@hearth/kernel';
import type { Logger } from '@hearth/queue';

const REQUIRED = ['fsync', 'full_page_writes', 'synchronous_commit'] as const;

/**
 * An event is answered 202 when it is committed, so a commit must be on disk (reliability.md, Durability design).
 * @throws OperatorError when Postgres does not promise that and `allowUnsafe` is not set
 */
export async function assertDurablePostgres(database: Database, options: { allowUnsafe: boolean; logger: Logger }): Promise<void> {
  const { rows } = await database.pool.query<{ name: string; setting: string }>('SELECT name, setting FROM pg_settings WHERE name = ANY($1)', [REQUIRED]);
  const off = rows.filter((row) => row.setting === 'off').map((row) => row.name);
  if (off.length === 0) return;
  if (options.allowUnsafe) {
    options.logger.warn({ off }, 'Postgres may lose accepted events in a power failure; HEARTH_ALLOW_UNSAFE_POSTGRES lets Hearth run all the same');
    return;
  }
  throw new OperatorError(`Postgres runs with ${off.join(', ')} off: accepted events could be lost.`, `Switch ${off.join(', ')} on, or set HEARTH_ALLOW_UNSAFE_POSTGRES=true for tests.`);
}
