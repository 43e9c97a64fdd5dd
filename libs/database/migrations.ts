import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError, projectRoot } from '@hearth/kernel';
import pg from 'pg';

/** The lock number Prisma's own migrate uses: the two never run at the same time. */
const ADVISORY_LOCK = 72_707_369;

const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
  logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`;

/**
 * Applies the SQL migrations of `prisma/migrations` that are missing, in name order, under a lock, keeping Prisma's own
 * books so that `prisma migrate` agrees. Production needs no Prisma CLI and no schema engine.
 * @returns names of the migrations applied now
 * @throws OperatorError when a migration fails, failed earlier, or was changed after it had been applied
 */
export async function migrate(url: string, directory: string = join(projectRoot(), 'prisma/migrations')): Promise<string[]> {
  const client = new pg.Client({ connectionString: url, application_name: 'hearth migrations' });
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCK]);
    await client.query(BOOKKEEPING);
    return await applyMissing(client, directory);
  } finally {
    await client.end(); // Ends the session, and with it the lock.
  }
}

async function applyMissing(client: pg.Client, directory: string): Promise<string[]> {
  const { rows } = await client.query<{ migration_name: string; checksum: string; finished_at: Date | null }>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  );
  const known = new Map(rows.map((row) => [row.migration_name, row]));
  const applied: string[] = [];
  for (const name of await migrationNames(directory)) {
    const sql = await readFile(join(directory, name, 'migration.sql'), 'utf8');
    const checksum = createHash('sha256').update(sql).digest('hex');
    const row = known.get(name);
    if (row === undefined) {
      await apply(client, name, sql, checksum);
      applied.push(name);
    } else if (row.finished_at === null) {
      throw new OperatorError(`The database migration ${name} failed earlier and is unfinished.`, 'Restore the database or repair it by hand, then mark the row in _prisma_migrations as rolled back.');
    } else if (row.checksum !== checksum) {
      throw new OperatorError(`The database migration ${name} was changed after it had been applied.`, 'Start the version of Hearth that belongs to this database, or restore the migration file.');
    }
  }
  return applied;
}

async function apply(client: pg.Client, name: string, sql: string, checksum: string): Promise<void> {
  const id = randomUUID();
  await client.query('INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)', [id, checksum, name]);
  try {
    await client.query(sql); // One simple query: Postgres runs the whole file as one transaction.
  } catch (error) {
    await client.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [id, String(error)]);
    throw new OperatorError(`The database migration ${name} failed: ${error instanceof Error ? error.message : String(error)}.`, 'Nothing of it was applied; repair the cause, delete its row in _prisma_migrations and start again.');
  }
  await client.query('UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = $1', [id]);
}

async function migrationNames(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
