import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { DockerDriver } from './drivers/docker-driver.js';
import { ProcessDriver } from './drivers/process-driver.js';
import type { PoolLimits } from './pool/capacity.js';
import { HostMemory } from './pool/host-memory.js';
import { RuntimeCatalogue } from './runtime-catalogue.js';
import { answerOf, Bench, specFor, until } from './testing/bench.js';

const catalogue = RuntimeCatalogue.load();
const throttled = (Reason: string) => ({ code: 'TooManyRequestsException', status: 429, message: 'Rate Exceeded.', options: { members: { Reason }, headers: { 'Retry-After': '1' } } });
const noRoom = throttled('ConcurrentInvocationLimitExceeded');

async function withBench(limits: Partial<PoolLimits>, work: (bench: Bench) => Promise<void>, availableMemoryMb?: () => number | undefined): Promise<void> {
  const bench = await Bench.open((place) => new ProcessDriver({ ...place, catalogue }), limits, undefined, { availableMemoryMb });
  try {
    await work(bench);
  } finally {
    await bench.close();
  }
}

const busy = (bench: Bench, count: number) => until(() => bench.pool.stats().states.busy === count, `${count} are busy`);

describe('a full worker', () => {
  it('lets an invocation wait briefly, and runs it when there is room', () =>
    withBench({ memoryMb: 512, roomMs: 20_000 }, async (bench) => {
      const running = bench.invoke(specFor('node', { memoryMb: 512, timeoutSeconds: 1 }), { probe: 'never' });
      await busy(bench, 1);
      expect(answerOf(await bench.invoke(specFor('node', { memoryMb: 512 }), { probe: 'count' }))).toBe(1);
      expect((await running).status).toBe('timeout');
    }));

  it('then throttles it, without starting anything or touching what runs', () =>
    withBench({ memoryMb: 512, roomMs: 300 }, async (bench) => {
      const running = bench.invoke(specFor('node', { memoryMb: 384, timeoutSeconds: 3 }), { probe: 'never' });
      await busy(bench, 1);
      const asked = performance.now();
      await expect(bench.invoke(specFor('node', { memoryMb: 256 }), { probe: 'count' })).rejects.toMatchObject(noRoom);
      expect(performance.now() - asked).toBeGreaterThanOrEqual(300);
      expect(bench.pool.stats()).toMatchObject({ started: 1, memoryMb: 384, waiting: 0 });
      // What fits is not kept from running by what did not.
      expect(answerOf(await bench.invoke(specFor('node', { memoryMb: 128 }), { probe: 'count' }))).toBe(1);
      expect((await running).status).toBe('timeout');
    }));

  it('is one whose machine has no memory left, whatever the sizes of its sandboxes say', async () => {
    let availableMb = 1_024;
    await withBench(
      { memoryMb: 8_192, roomMs: 1_000 },
      async (bench) => {
        const first = specFor('node', { memoryMb: 256 });
        expect(answerOf(await bench.invoke(first, { probe: 'count' }))).toBe(1);
        availableMb = 200;
        // Warm sandboxes serve on; for a new one the idle one is given up, and if that does not help the invocation is throttled.
        expect(answerOf(await bench.invoke(first, { probe: 'count' }))).toBe(2);
        await expect(bench.invoke(specFor('node', { memoryMb: 256 }), { probe: 'count' })).rejects.toMatchObject(noRoom);
        expect(bench.pool.stats()).toMatchObject({ evicted: 1, started: 1 });
        // Memory that somebody else gave back is noticed.
        const waiting = bench.invoke(specFor('node', { memoryMb: 256 }), { probe: 'count' });
        await until(() => bench.pool.stats().waiting === 1, 'it waits');
        availableMb = 1_024;
        expect(answerOf(await waiting)).toBe(1);
      },
      () => availableMb,
    );
  });

  it('does not throttle who waits for a start, however long that takes', () =>
    withBench({ roomMs: 100, maxStarts: 1, maxSandboxes: 6 }, async (bench) => {
      const answers = await Promise.all(Array.from({ length: 6 }, () => bench.invoke(specFor('node'), { probe: 'count' })));
      expect(answers.map(answerOf)).toEqual([1, 1, 1, 1, 1, 1]);
    }));

  it('never promises more memory than it may, in containers that are started at once', async () => {
    const bench = await Bench.open((place) => new DockerDriver({ ...place, docker: new Docker(), catalogue, labels: { 'hearth.test': 'img' } }), { memoryMb: 768, roomMs: 60_000, maxStarts: 4 });
    try {
      let most = 0;
      const watch = setInterval(() => (most = Math.max(most, bench.pool.stats().memoryMb)), 5);
      const answers = await Promise.all(Array.from({ length: 6 }, () => bench.invoke(specFor('node', { memoryMb: 256 }), { probe: 'count' })));
      clearInterval(watch);
      expect(answers.map(answerOf)).toEqual([1, 1, 1, 1, 1, 1]);
      expect(most).toBe(768);
    } finally {
      await bench.close();
    }
  });
});

describe('the scaling rate', () => {
  it('throttles a function that starts sandboxes too fast, and no other', () =>
    withBench({ scalingBurst: 3, maxStarts: 5 }, async (bench) => {
      const spec = specFor('node');
      const other = specFor('node');
      const answers = await Promise.allSettled(Array.from({ length: 5 }, () => bench.invoke(spec, { probe: 'count' })));
      expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
      const refused = answers.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
      expect(refused.reason).toMatchObject({ code: 'TooManyRequestsException', options: { members: { Reason: 'FunctionInvocationRateLimitExceeded' }, headers: { 'Retry-After': expect.stringMatching(/^[1-4]$/) } } });
      expect(answerOf(await bench.invoke(other, { probe: 'count' }))).toBe(1);
      // Warm sandboxes are not started.
      await bench.invoke(spec, { probe: 'count' });
      expect(bench.pool.stats().started).toBe(4);
    }));
});

describe('the memory of the machine', () => {
  it('is what the kernel tells, or unknown', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hearth-memory-'));
    try {
      await writeFile(join(folder, 'meminfo'), 'MemTotal:       24682000 kB\nMemFree:         1000 kB\nMemAvailable:    2097152 kB\n');
      expect(new HostMemory(join(folder, 'meminfo')).available()).toBe(2_048);
      expect(new HostMemory(join(folder, 'none')).available()).toBeUndefined();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
