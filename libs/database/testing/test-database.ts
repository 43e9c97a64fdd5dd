import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { migrate } from '../migrations.js';

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** A migrated database of its own on the server in `HEARTH_TEST_DATABASE_URL`, which `./hearth test` starts. */
export async function createTestDatabase(options: { migrated?: boolean } = {}): Promise<TestDatabase> {
  const admin = process.env.HEARTH_TEST_DATABASE_URL;
  if (!admin) throw new Error('HEARTH_TEST_DATABASE_URL is not set: run tests with ./hearth test');
  const name = `hearth_test_${randomUUID().replaceAll('-', '')}`;
  await onServer(admin, `CREATE DATABASE "${name}"`);
  const address = new URL(admin);
  address.pathname = `/${name}`;
  if (options.migrated !== false) await migrate(address.href);
  return { url: address.href, drop: () => onServer(admin, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`) };
}

async function onServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
