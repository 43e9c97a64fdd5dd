import { InfrastructureError, OperatorError } from '@hearth/kernel';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { PrismaClient } from '../../prisma/generated/client.js';

export interface DatabaseOptions {
  /** `postgresql://USER[:PASSWORD]@HOST[:PORT]/NAME` */
  url: string;
  /** Most connections of the pool for plain SQL. Prisma shares it. */
  maxConnections?: number;
  /** Shows in pg_stat_activity. */
  applicationName?: string;
}

/** Postgres as the domains see it: a pool for hot paths and transactions, Prisma for everything else, over the same connections. */
export class Database {
  readonly pool: pg.Pool;
  readonly prisma: PrismaClient;

  constructor(readonly options: DatabaseOptions) {
    this.pool = new pg.Pool({
      connectionString: options.url,
      max: options.maxConnections ?? 20,
      application_name: options.applicationName ?? 'hearth',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    // A connection that breaks while idle is replaced by the pool; without a listener the event would end the process.
    this.pool.on('error', () => undefined);
    this.prisma = new PrismaClient({ adapter: new PrismaPg(this.pool) });
  }

  /** Runs `work` in one transaction; rolls back when it throws. */
  async transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((rollbackError: Error) => {
        // A connection that cannot roll back must not go back to the pool.
        broken = rollbackError;
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }

  /** A connection outside the pool, for LISTEN and advisory locks. The caller listens for `end` and ends it. */
  async dedicatedClient(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.options.url,
      application_name: `${this.options.applicationName ?? 'hearth'} listener`,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    });
    // `end` follows every broken connection; without a listener of this event it would end the process instead.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** @throws InfrastructureError when Postgres does not answer */
  async ping(): Promise<void> {
    try {
      await this.pool.query('SELECT 1');
    } catch (error) {
      throw new InfrastructureError('Postgres does not answer', { cause: error });
    }
  }

  async close(): Promise<void> {
    await this.prisma.$disconnect();
    await this.pool.end();
  }
}

/**
 * Opens a connection once to tell the operator in a sentence what is wrong with the URL.
 * @throws OperatorError
 */
export async function assertReachable(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
  } catch (error) {
    throw new OperatorError(
      `Postgres cannot be reached at ${redacted(url)}: ${error instanceof Error ? error.message || (error as { code?: string }).code : String(error)}.`,
      'Start it, or correct DATABASE_URL.',
    );
  } finally {
    await client.end().catch(() => undefined); // A connection that never opened cannot be closed.
  }
}

function redacted(url: string): string {
  try {
    const parsed = new URL(url);
    if (parsed.password) parsed.password = '***';
    return parsed.href;
  } catch {
    return 'the address in DATABASE_URL';
  }
}
