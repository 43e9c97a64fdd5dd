import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres, startEmbeddedRedis, type EmbeddedServer } from './index.js';
import { isAlive } from './server-process.js';
import { unlockStateDirectory } from './state-lock.js';

const logger = { info: () => undefined, warn: () => undefined };

async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within 30 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await client.end();
  }
}

describe('embedded servers', () => {
  let stateDir: string;
  const running: EmbeddedServer[] = [];

  beforeEach(async () => {
    stateDir = await mkdtemp('/var/tmp/hearth-embedded-');
    await chmod(stateDir, 0o711);
  });

  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop();
    await unlockStateDirectory(stateDir);
    await rm(stateDir, { recursive: true, force: true });
  });

  async function postgres(): Promise<EmbeddedServer> {
    const server = await startEmbeddedPostgres({ stateDir, logger });
    running.push(server);
    return server;
  }

  async function redis(): Promise<EmbeddedServer> {
    const server = await startEmbeddedRedis({ stateDir, logger });
    running.push(server);
    return server;
  }

  it('runs a durable Postgres that keeps its data and address over a restart', async () => {
    const first = await postgres();
    const [settings] = await query(first.url, "SELECT current_setting('fsync') AS f, current_setting('full_page_writes') AS w, current_setting('synchronous_commit') AS c");
    expect(settings).toEqual({ f: 'on', w: 'on', c: 'on' });
    await query(first.url, 'CREATE TABLE t AS SELECT 7 AS x');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await postgres();
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT x FROM t')).toEqual([{ x: 7 }]);
  });

  it('refuses a wrong password', async () => {
    const { url } = await postgres();
    const wrong = new URL(url);
    wrong.password = 'guess';
    await expect(query(wrong.href, 'SELECT 1')).rejects.toThrow(/password/);
  });

  it('starts a Postgres that dies again, and keeps what was committed', async () => {
    const server = await postgres();
    await query(server.url, 'CREATE TABLE t AS SELECT 7 AS x');
    const { pid } = server;
    process.kill(pid, 'SIGKILL');
    await until(() => server.pid !== pid && isAlive(server.pid), 'a new postmaster');
    expect(await query(server.url, 'SELECT x FROM t')).toEqual([{ x: 7 }]);
  });

  it('is not misled by a lock file whose process is another program', async () => {
    const first = await postgres();
    await first.stop();
    const other = spawn('tail', ['-f', '/dev/null'], { stdio: 'ignore' });
    try {
      await writeFile(join(stateDir, 'postgres/data/postmaster.pid'), `${other.pid}\n`);
      const second = await postgres();
      expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      expect(isAlive(other.pid!)).toBe(true);
    } finally {
      other.kill('SIGKILL');
    }
  });

  it('uses the servers again that a killed platform left running', async () => {
    const [database, queue] = [await postgres(), await redis()];
    // The watchers of this life go on; a second start in the same process sees what a new life would see.
    const [databaseAgain, queueAgain] = [await postgres(), await redis()];
    expect([databaseAgain.pid, queueAgain.pid]).toEqual([database.pid, queue.pid]);
    expect([databaseAgain.url, queueAgain.url]).toEqual([database.url, queue.url]);
  });

  it('runs a Redis that evicts nothing and starts again when it dies', async () => {
    const server = await redis();
    const { pid } = server;
    process.kill(pid, 'SIGKILL');
    await until(() => server.pid !== pid && isAlive(server.pid), 'a new redis-server');
    await server.stop();
    expect(isAlive(server.pid)).toBe(false);
  });
});
