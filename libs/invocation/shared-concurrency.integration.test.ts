import { setTimeout as pause } from 'node:timers/promises';
import { QueueConnection, startTestRedis } from '@hearth/queue';
import type { Invocation } from './create-invocation.js';
import { command, redisUrl, TestPlatform, until } from './testing/test-platform.js';

const ACCOUNT_LIMIT = 20;

/** Two control planes of one deployment, each with its own Redis connection; the functions they run are counted in one place. */
describe('the concurrency limits of several processes', () => {
  let platform: TestPlatform;
  let processes: Invocation[];
  const queues: QueueConnection[] = [];
  let running = 0;
  let most = 0;
  let release: () => void = () => undefined;
  let released: Promise<void>;

  beforeEach(async () => {
    platform = await TestPlatform.start(redisUrl());
    processes = await Promise.all([join(), join()]);
    hold();
  });
  afterEach(async () => {
    await Promise.all(processes.map((process) => process.close()));
    await Promise.all(queues.splice(0).map((queue) => queue.close()));
    await platform.stop();
  });

  async function join(): Promise<Invocation> {
    const queue = new QueueConnection({ url: redisUrl(), prefix: platform.prefix, logger: platform.logger });
    queues.push(queue);
    await queue.check();
    return platform.process({ queue, accountConcurrency: ACCOUNT_LIMIT });
  }

  function hold(): void {
    most = running = 0;
    released = new Promise((resolve) => (release = resolve));
  }

  const held = async (): Promise<string> => {
    running += 1;
    most = Math.max(most, running);
    await released;
    running -= 1;
    return 'done';
  };

  /** `count` calls at each process. @returns how many were throttled, once the others are let go */
  async function storm(functionName: string, count: number): Promise<number> {
    const calls = processes.flatMap((process) => Array.from({ length: count }, () => process.service.invoke(command(functionName))));
    let settled = 0;
    const outcomes = calls.map((call) => call.then(() => 'ran', (error: { status: number }) => (error.status === 429 ? 'throttled' : `failed ${String(error)}`)).finally(() => settled++));
    await until('all run or are refused', () => running + settled === calls.length);
    release();
    const results = await Promise.all(outcomes);
    expect(results.filter((result) => result.startsWith('failed'))).toEqual([]);
    return results.filter((result) => result === 'throttled').length;
  }

  it('hold for a function with reserved concurrency, all processes together', async () => {
    platform.fleet.define('reserved', held, { concurrency: { reserved: 5, reservedInAccount: 5 } });
    expect(await storm('reserved', 20)).toBe(35);
    expect(most).toBe(5);
  });

  it('hold for an account', async () => {
    platform.fleet.define('shared', held, { concurrency: { reservedInAccount: 8 } });
    expect(await storm('shared', 20)).toBe(28);
    expect(most).toBe(12);
  });

  it('can be used up by either process alone, and by the other right after it', async () => {
    platform.fleet.define('moving', held, { concurrency: { reserved: 4, reservedInAccount: 4 } });
    for (const process of [...processes, ...processes]) {
      hold();
      const calls = Promise.all(Array.from({ length: 4 }, () => process.service.invoke(command('moving'))));
      await until('all four run', () => running === 4);
      release();
      await calls;
    }
  });

  it('follow a reservation that is changed', async () => {
    platform.fleet.define('changed', held, { concurrency: { reserved: 10, reservedInAccount: 10 } });
    expect(await storm('changed', 8)).toBe(6);
    hold();
    platform.fleet.define('changed', held, { concurrency: { reserved: 2, reservedInAccount: 2 } });
    expect(await storm('changed', 8)).toBe(14);
    expect(most).toBe(2);
  });

  it('spill from what is provisioned into what the account shares', async () => {
    platform.fleet.define('provisioned', held, { concurrency: { reservedInAccount: 10, provisioned: { qualifier: 'live', requested: 10 } } });
    expect(await storm('provisioned', 20)).toBe(20);
    expect(most).toBe(20);
  });

  it('are never passed, whoever asks in whatever order', async () => {
    processes.push(await join());
    platform.fleet.define(
      'busy',
      async () => {
        running += 1;
        most = Math.max(most, running);
        await pause(Math.random() * 4);
        running -= 1;
        return null;
      },
      { concurrency: { reserved: 7, reservedInAccount: 7 } },
    );
    let ran = 0;
    const caller = async (process: Invocation): Promise<void> => {
      for (let call = 0; call < 60; call++) {
        await process.service.invoke(command('busy')).then(
          () => ran++,
          (error: { status: number }) => expect(error.status).toBe(429),
        );
        await pause(Math.random() * 4);
      }
    };
    await Promise.all(processes.flatMap((process) => Array.from({ length: 5 }, () => caller(process))));
    expect(most).toBe(7);
    expect(ran).toBeGreaterThan(100);
  });

  it('are free of what a process held that died, once its lease is over', async () => {
    platform.fleet.define('left', held, { concurrency: { reserved: 3, reservedInAccount: 3 } });
    const calls = Promise.all([1, 2, 3].map(() => processes[0]!.service.invoke(command('left'))));
    await until('three run', () => running === 3);
    await expect(processes[1]!.service.invoke(command('left'))).rejects.toMatchObject({ status: 429 });
    await queues[0]!.close(); // As if its machine were gone: no lease is renewed.
    platform.fleet.define('left', () => 'free', { concurrency: { reserved: 3, reservedInAccount: 3 } });
    await until('the other may run', () => processes[1]!.service.invoke(command('left')).then(() => true, () => false));
    release();
    await calls;
  });

  it('are granted by each process alone while Redis is away', async () => {
    const redis = await startTestRedis();
    const queue = new QueueConnection({ url: redis.url, prefix: platform.prefix, logger: platform.logger });
    try {
      await queue.check();
      const process = platform.process({ queue });
      processes.push(process);
      platform.fleet.define('alone', held, { concurrency: { reserved: 2, reservedInAccount: 2 } });
      await redis.kill();
      const calls = Promise.all([1, 2].map(() => process.service.invoke(command('alone'))));
      await until('two run', () => running === 2);
      await expect(process.service.invoke(command('alone'))).rejects.toMatchObject({ status: 429 });
      release();
      await calls;
      expect(platform.log.filter(({ message }) => message.startsWith('concurrency cannot be counted'))).toHaveLength(1);
    } finally {
      await queue.close();
      await redis.stop();
    }
  });
});
