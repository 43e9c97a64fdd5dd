import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Database } from '@hearth/database';
import { QueueConnection, startTestRedis, type TestRedis } from '@hearth/queue';
import { Redis } from 'ioredis';
import { HAND_OUT_MS } from './backlog.js';
import { assertDurablePostgres } from './durable-postgres.js';
import { EVENT_QUEUE, jobIdOf } from './event-pointer.js';
import type { Invocation } from './create-invocation.js';
import { command, TestPlatform, until } from './testing/test-platform.js';

describe('accepted events survive', () => {
  let redis: TestRedis;
  let platform: TestPlatform;

  beforeEach(async () => {
    redis = await startTestRedis();
  });

  afterEach(async () => {
    await platform.stop();
    await redis.stop();
  });

  async function acceptMany({ service }: Invocation, functionName: string, count: number, accountId?: string): Promise<string[]> {
    return await Promise.all(
      Array.from({ length: count }, async () => {
        const requestId = randomUUID();
        await service.invoke(command(functionName, { invocationType: 'Event', requestId, ...(accountId ? { accountId } : {}) }));
        return requestId;
      }),
    );
  }

  function expectExactlyOnce(ids: string[]): void {
    const counts = new Map<string, number>();
    for (const { requestId } of platform.fleet.executions) counts.set(requestId, (counts.get(requestId) ?? 0) + 1);
    expect(ids.filter((id) => counts.get(id) !== 1)).toEqual([]);
    expect(counts.size).toBe(ids.length);
  }

  it('two schedulers: 500 events, each runs exactly once', async () => {
    platform = await TestPlatform.start(redis.url);
    platform.fleet.define('f', () => pause(1));
    const front = platform.process();
    await Promise.all([platform.scheduler(), platform.scheduler()]);
    const ids = await acceptMany(front, 'f', 500);
    await until('all succeeded', async () => (await platform.count('succeeded')) === 500);
    expectExactlyOnce(ids);
  });

  it('pointers that arrive several times, at two schedulers: each event runs exactly once', async () => {
    platform = await TestPlatform.start(redis.url);
    platform.fleet.define('f', () => pause(20));
    const front = platform.process();
    const ids = await acceptMany(front, 'f', 20);
    const sender = new QueueConnection({ url: redis.url, prefix: platform.prefix, logger: platform.logger });
    try {
      await sender.check();
      await sender.queue(EVENT_QUEUE).add([101, 102, 103, 104, 105].flatMap((dispatch) => ids.map((id) => jobIdOf({ id, dispatch }))));
    } finally {
      await sender.close();
    }
    await Promise.all([platform.scheduler(), platform.scheduler()]);
    await until('all succeeded', async () => (await platform.count('succeeded')) === 20);
    await until('all pointers were taken', async () => (await platform.waiting()) === 0);
    expectExactlyOnce(ids);
    expect((await platform.event(ids[0] as string))?.attempts).toBe(1);
  });

  it('FLUSHALL again and again in the middle', async () => {
    platform = await TestPlatform.start(redis.url, { HEARTH_ASYNC_CONCURRENCY: '5' });
    platform.fleet.define('f', () => pause(5));
    const front = platform.process();
    await platform.scheduler();
    const ids = await acceptMany(front, 'f', 300);
    const wiper = new Redis(redis.url);
    const began = performance.now();
    try {
      for (const handled of [20, 60, 120, 200]) {
        await until(`${handled} ran`, () => platform.fleet.executions.length >= handled);
        await wiper.flushall();
      }
    } finally {
      wiper.disconnect();
    }
    await until('all succeeded', async () => (await platform.count('succeeded')) === 300);
    expectExactlyOnce(ids);
    expect(performance.now() - began).toBeLessThan(HAND_OUT_MS); // Nothing waited for a hand-out to run out.
  });

  it('kill -9 of Redis and its restart, while events go on being accepted', async () => {
    platform = await TestPlatform.start(redis.url, { HEARTH_ASYNC_CONCURRENCY: '5' });
    platform.fleet.define('f', () => pause(5));
    const front = platform.process();
    await platform.scheduler();
    const ids = await acceptMany(front, 'f', 100);
    await until('some ran', () => platform.fleet.executions.length >= 20);
    await redis.kill();
    ids.push(...(await acceptMany(front, 'f', 100))); // 202 without Redis.
    await redis.start();
    ids.push(...(await acceptMany(front, 'f', 50)));
    await until('all succeeded', async () => (await platform.count('succeeded')) === 250, 30_000);
    expectExactlyOnce(ids);
  });

  it('Redis away when the front process starts, is found by the reconciler when it is there', async () => {
    platform = await TestPlatform.start(redis.url);
    platform.fleet.define('f', () => 1);
    await redis.kill();
    const front = platform.process();
    const ids = await acceptMany(front, 'f', 20);
    await platform.scheduler(front);
    expect(platform.fleet.executions).toHaveLength(0);
    await redis.start();
    await until('all succeeded', async () => (await platform.count('succeeded')) === 20);
    expectExactlyOnce(ids);
  });

  it('Postgres connections that break while functions run: results are held and stored later', async () => {
    platform = await TestPlatform.start(redis.url, { HEARTH_ASYNC_LEASE_MS: '30000' });
    const finish: (() => void)[] = [];
    platform.fleet.define('f', () => new Promise<void>((resolve) => finish.push(resolve)));
    const front = platform.process();
    await platform.scheduler(front);
    const ids = await acceptMany(front, 'f', 10);
    await until('all run', () => finish.length === 10);
    const name = new URL(platform.database.options.url).pathname.slice(1);
    const admin = new Database({ url: process.env.HEARTH_TEST_DATABASE_URL as string });
    try {
      // No new connections, and none of the old: Postgres is away for this platform only.
      await admin.pool.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`);
      await admin.pool.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
      for (const done of finish) done();
      await until('a result could not be stored', () => platform.log.some((entry) => entry.message.includes('could not be stored yet')));
      await expect(front.service.invoke(command('f', { invocationType: 'Event' }))).rejects.toMatchObject({ status: 503 });
      await admin.pool.query(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`);
    } finally {
      await admin.close();
    }
    await until('all succeeded', async () => (await platform.count('succeeded')) === 10);
    expectExactlyOnce(ids);
  });

  it('one account’s flood does not hold up another account', async () => {
    platform = await TestPlatform.start(redis.url, { HEARTH_ASYNC_CONCURRENCY: '4' });
    platform.fleet.define('f', () => pause(5));
    const front = platform.process();
    await acceptMany(front, 'f', 1_000, '111111111111');
    await platform.scheduler();
    await until('the flood runs', () => platform.fleet.executions.length > 50);
    const [quiet] = await acceptMany(front, 'f', 1, '222222222222');
    const before = platform.fleet.executions.length;
    await until('the quiet account’s event ran', () => platform.fleet.of(quiet as string) === 1);
    expect(platform.fleet.executions.length - before).toBeLessThan(100);
    expect(await platform.count('queued')).toBeGreaterThan(500);
  });
});

describe('the check of Postgres at the start', () => {
  it('refuses a database with synchronous_commit off, unless unsafe is allowed', async () => {
    const redis = await startTestRedis();
    const platform = await TestPlatform.start(redis.url);
    const name = new URL(platform.database.options.url).pathname.slice(1);
    const reopened = new Database({ url: platform.database.options.url });
    try {
      await assertDurablePostgres(platform.database, { allowUnsafe: false, logger: platform.logger });
      await platform.database.pool.query(`ALTER DATABASE "${name}" SET synchronous_commit = off`);
      await expect(assertDurablePostgres(reopened, { allowUnsafe: false, logger: platform.logger })).rejects.toMatchObject({
        name: 'OperatorError',
        message: 'Postgres runs with synchronous_commit off: accepted events could be lost.',
      });
      await assertDurablePostgres(reopened, { allowUnsafe: true, logger: platform.logger });
      expect(platform.log.filter((entry) => entry.level === 'warn')).toHaveLength(1);
    } finally {
      await reopened.close();
      await platform.stop();
      await redis.stop();
    }
  });
});
