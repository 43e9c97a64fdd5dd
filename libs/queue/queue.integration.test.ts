import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { QueueConnection, startTestRedis, type Logger, type TestRedis } from './index.js';

describe('the queue connection', () => {
  let redis: TestRedis;
  const warnings: string[] = [];
  const open: QueueConnection[] = [];
  const logger: Logger = { debug: () => undefined, info: () => undefined, warn: (_fields, message) => void warnings.push(message), error: (fields, message) => void warnings.push(message + JSON.stringify(fields)) };

  function connect(prefix = 'hearth', url = redis.url): QueueConnection {
    const connection = new QueueConnection({ url, prefix, logger });
    open.push(connection);
    return connection;
  }

  beforeEach(async () => {
    warnings.length = 0;
    redis = await startTestRedis();
  });

  afterEach(async () => {
    for (const connection of open.splice(0)) await connection.close();
    await redis.stop();
  });

  async function configure(...settings: string[]): Promise<void> {
    const client = new Redis(redis.url);
    await client.config('SET', ...(settings as [string, string]));
    client.disconnect();
  }

  /** What a worker got, resolved when it has `count`. */
  function receive(connection: QueueConnection, count: number): Promise<string[]> {
    return new Promise((resolve) => {
      const got: string[] = [];
      const worker = connection.worker('q', (jobId) => Promise.resolve(void (got.push(jobId) === count && resolve(got))), 1);
      worker.start();
    });
  }

  it('delivers pointers', async () => {
    const connection = connect();
    await connection.check();
    const received = receive(connection, 2);
    await connection.queue('q').add(['a-1', 'b-1']);
    expect((await received).sort()).toEqual(['a-1', 'b-1']);
  });

  it('keeps no job when it was handled, so that its id does not block a later one', async () => {
    const connection = connect();
    await connection.check();
    const received = receive(connection, 1);
    await connection.queue('q').add(['a-1']);
    await received;
    await connection.close();
    const client = new Redis(redis.url);
    const jobs = await client.keys('hearth:q:a-1*');
    client.disconnect();
    expect(jobs).toEqual([]);
  });

  it('lets several Hearths share a Redis by their prefix', async () => {
    const [one, two] = [connect('one'), connect('two')];
    await Promise.all([one.check(), two.check()]);
    const received = [receive(one, 1), receive(two, 1)];
    await one.queue('q').add(['to-one']);
    await two.queue('q').add(['to-two']);
    expect(await Promise.all(received)).toEqual([['to-one'], ['to-two']]);
  });

  it('a handler that throws costs the pointer nothing but a log line', async () => {
    const connection = connect();
    await connection.check();
    let calls = 0;
    const done = new Promise<void>((resolve) => {
      connection
        .worker('q', () => (++calls === 1 ? Promise.reject(new Error('broken')) : Promise.resolve(resolve())), 1)
        .start();
    });
    await connection.queue('q').add(['a-1', 'b-1']);
    await done;
    expect(calls).toBe(2);
    expect(warnings.join()).toContain('a pointer could not be handled');
  });

  it('says after a wipe and after a restart that jobs may be forgotten, once', async () => {
    const connection = connect();
    await connection.check();
    const queue = connection.queue('q');
    expect(await queue.mayHaveForgotten()).toBe(true); // A Redis never seen before.
    await queue.remember();
    expect(await queue.mayHaveForgotten()).toBe(false);
    await connection.redis.flushall();
    expect(await queue.mayHaveForgotten()).toBe(true);
    await queue.remember();
    await redis.kill();
    await redis.start();
    await connection.check();
    expect(await queue.mayHaveForgotten()).toBe(true);
  });

  it('fails at once while Redis is away, and works again when it is back', async () => {
    const connection = connect();
    await connection.check();
    const queue = connection.queue('q');
    await queue.add(['a-1']);
    const away = new Promise<void>((resolve) => connection.redis.once('close', resolve));
    await redis.kill();
    await away;
    const before = performance.now();
    await expect(queue.add(['b-1'])).rejects.toThrow();
    expect(performance.now() - before).toBeLessThan(500);
    await redis.start();
    await connection.check();
    await queue.add([`c-${randomUUID()}`]);
  });

  it('refuses a Redis that would evict keys, and warns of one that could', async () => {
    await configure('maxmemory-policy', 'allkeys-lru');
    await connect().check();
    expect(warnings).toEqual([expect.stringContaining('would evict keys if it had a memory limit')]);
    await configure('maxmemory', '104857600');
    await expect(connect().check()).rejects.toMatchObject({ name: 'OperatorError', message: expect.stringContaining('allkeys-lru') as string });
  });

  it('says in a sentence that Redis cannot be reached', async () => {
    await redis.kill();
    await expect(connect().check(300)).rejects.toMatchObject({ name: 'OperatorError', remedy: 'Start it, or correct REDIS_URL.' });
  });
});
