import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createTestDatabase, Database, migrate, type TestDatabase } from './index.js';

describe('the migration runner', () => {
  let database: TestDatabase;
  let directory: string;

  beforeEach(async () => {
    database = await createTestDatabase({ migrated: false });
    directory = await mkdtemp(join(tmpdir(), 'hearth-migrations-'));
  });

  afterEach(async () => {
    await database.drop();
    await rm(directory, { recursive: true });
  });

  async function migration(name: string, sql: string): Promise<void> {
    await mkdir(join(directory, name), { recursive: true });
    await writeFile(join(directory, name, 'migration.sql'), sql);
  }

  async function query(sql: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      return (await client.query(sql)).rows as unknown[];
    } finally {
      await client.end();
    }
  }

  it('applies what is missing in name order, and nothing twice', async () => {
    await migration('2_b', 'INSERT INTO t VALUES (2)');
    await migration('1_a', 'CREATE TABLE t (x int); INSERT INTO t VALUES (1)');
    expect(await migrate(database.url, directory)).toEqual(['1_a', '2_b']);
    expect(await migrate(database.url, directory)).toEqual([]);
    expect(await query('SELECT x FROM t ORDER BY x')).toEqual([{ x: 1 }, { x: 2 }]);
  });

  it('lets several processes start at once', async () => {
    await migration('1_a', 'CREATE TABLE t (x int)');
    const results = await Promise.all([1, 2, 3, 4].map(() => migrate(database.url, directory)));
    expect(results.flat()).toEqual(['1_a']);
  });

  it('leaves nothing of a failed migration, says which one, and refuses to go on', async () => {
    await migration('1_a', 'CREATE TABLE t (x int); SELECT nonsense');
    await expect(migrate(database.url, directory)).rejects.toThrow(/1_a failed: .*nonsense/);
    expect(await query("SELECT to_regclass('t') AS found")).toEqual([{ found: null }]);
    await expect(migrate(database.url, directory)).rejects.toThrow(/1_a failed earlier/);
  });

  it('refuses a migration that changed after it had been applied', async () => {
    await migration('1_a', 'CREATE TABLE t (x int)');
    await migrate(database.url, directory);
    await migration('1_a', 'CREATE TABLE t (x bigint)');
    await expect(migrate(database.url, directory)).rejects.toThrow(/was changed/);
  });

  it('applies the schema that the Prisma client expects', async () => {
    await migrate(database.url);
    const opened = new Database({ url: database.url });
    try {
      await opened.prisma.account.create({ data: { id: '123456789012', name: 'main' } });
      await expect(
        opened.transaction(async (client) => {
          await client.query("UPDATE accounts SET name = 'other'");
          throw new Error('undone');
        }),
      ).rejects.toThrow('undone');
      expect((await opened.prisma.account.findMany()).map((account) => account.name)).toEqual(['main']);
    } finally {
      await opened.close();
    }
  });
});
