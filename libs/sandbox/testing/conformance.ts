import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InfrastructureError } from '@hearth/kernel';
import type { SandboxDriver, SandboxHandle } from '../sandbox-driver.js';
import type { EmberSettings } from '../pool/embers.js';
import { answerOf, Bench, orderFor, specFor, until, type DriverPlace } from './bench.js';

/**
 * What every driver promises to its pool.
 * @param isolated whether limits and walls are part of the promise
 * @param embers the same promise, kept by sandboxes that were started before their function was known
 */
export function sandboxConformance(name: string, isolated: boolean, make: (place: DriverPlace) => SandboxDriver, embers?: EmberSettings): void {
  describe(`sandboxes of the ${name} driver${embers ? ' from embers' : ''}`, () => {
    let bench: Bench;
    beforeAll(async () => {
      // Room for all of them and for embers: none makes way for another.
      bench = await Bench.open(make, { maxSandboxes: 100, memoryMb: 65_536 }, undefined, { embers });
    });
    afterAll(() => bench.close());

    it('is usable here', async () => {
      expect((await bench.driver.check()).driver).toBe(name);
    });

    it('answers what the function returned, byte for byte', async () => {
      const outcome = await bench.invoke(specFor('node'), { probe: 'echo', value: { text: 'ä€😀\n', list: [1, null] } });
      expect(Buffer.from(outcome.payload).toString()).toBe('{"text":"ä€😀\\n","list":[1,null]}');
      expect(outcome).toMatchObject({ status: 'success', coldStart: true });
      expect(outcome.initDurationMs).toBeGreaterThan(0);
      expect(outcome.billedDurationMs).toBe(Math.ceil(Number((outcome.durationMs + outcome.initDurationMs!).toFixed(2))));
    });

    it('serves the next invocation of the same version warm, and another version apart', async () => {
      const spec = specFor('node');
      expect(answerOf(await bench.invoke(spec, { probe: 'count' }))).toBe(1);
      const second = await bench.invoke(spec, { probe: 'count' });
      expect([answerOf(second), second.coldStart, second.initDurationMs]).toEqual([2, false, undefined]);
      expect(answerOf(await bench.invoke(specFor('node'), { probe: 'count' }))).toBe(1);
    });

    it('passes an error object of the runtime through and keeps the sandbox', async () => {
      const spec = specFor('node');
      const failed = await bench.invoke(spec, { probe: 'throw' });
      expect(failed).toMatchObject({ status: 'error', errorType: 'TypeError' });
      expect(answerOf(failed)).toMatchObject({ errorType: 'TypeError', errorMessage: 'no such thing' });
      expect((await bench.invoke(spec, { probe: 'count' })).coldStart).toBe(false);
    });

    it('has everything printed before the response in the tail, between START and REPORT', async () => {
      const outcome = await bench.invoke(specFor('node'), { probe: 'print', lines: ['one', 'two'] });
      const lines = outcome.logTail.toString().trimEnd().split('\n');
      expect(lines[0]).toMatch(/^START RequestId: [-0-9a-f]{36} Version: \$LATEST$/);
      expect(lines.slice(1, 4).map((line) => line.split('\t').at(-1))).toEqual(['one', 'two', 'last, without line feed']);
      expect(lines[4]).toMatch(/^END RequestId: [-0-9a-f]{36}$/);
      expect(lines[5]).toMatch(/^REPORT RequestId: .*\tMemory Size: 256 MB\tMax Memory Used: [1-9]\d* MB\tInit Duration: [\d.]+ ms\t?$/);
      await until(() => bench.lines.includes('last, without line feed'), 'the sink has the lines too');
    });

    it('keeps a large log in order and gives its last 4 KB', async () => {
      const text = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`).join('');
      const outcome = await bench.invoke(specFor('node'), { probe: 'raw', text });
      expect(outcome.logTail.length).toBeLessThanOrEqual(4_096);
      expect(outcome.logTail.toString()).toContain('line 19999\nEND ');
    });

    it('is not deceived by a printed REPORT', async () => {
      const outcome = await bench.invoke(specFor('node'), { probe: 'raw', text: 'REPORT RequestId: x\tBilled Duration: 1 ms\n' });
      expect(outcome.status).toBe('success');
      expect(outcome.logTail.toString().match(/^REPORT/gm)).toHaveLength(2);
    });

    it('ends a function that takes too long, and the next invocation works', async () => {
      const spec = specFor('node', { timeoutSeconds: 1 });
      const outcome = await bench.invoke(spec, { probe: 'never' });
      expect(outcome).toMatchObject({ status: 'timeout', errorType: 'Sandbox.Timedout' });
      expect(answerOf(outcome).errorMessage).toMatch(/^RequestId: [-0-9a-f]{36} Error: Task timed out after 1\.00 seconds$/);
      expect(outcome.logTail.toString()).toContain('\tStatus: timeout\t');
      expect(await bench.invoke(spec, { probe: 'count' })).toMatchObject({ status: 'success', coldStart: true });
    });

    it('tells the exit status of a runtime that ended, and the next invocation works', async () => {
      const spec = specFor('node');
      expect(answerOf(await bench.invoke(spec, { probe: 'exit', status: 9 })).errorMessage).toMatch(/Error: Runtime exited with error: exit status 9$/);
      const silent = await bench.invoke(spec, { probe: 'exit', status: 0 });
      expect(answerOf(silent)).toMatchObject({ errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/Error: Runtime exited without providing a reason$/) });
      expect(silent.logTail.toString()).toContain('\tStatus: error\tError Type: Runtime.ExitError\t');
      expect(answerOf(await bench.invoke(spec, { probe: 'count' }))).toBe(1);
    });

    it('lets a function kill its own process', async () => {
      const outcome = await bench.invoke(specFor('node'), { probe: 'kill' });
      expect(answerOf(outcome)).toMatchObject({ errorType: 'Runtime.ExitError', errorMessage: expect.stringMatching(/signal: killed$/) });
    });

    it('refuses a response over 6 MB', async () => {
      const spec = specFor('node');
      const outcome = await bench.invoke(spec, { probe: 'big', bytes: 6_291_555 });
      expect(answerOf(outcome)).toEqual({
        errorType: 'Function.ResponseSizeTooLarge',
        errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
      });
      expect((await bench.invoke(spec, { probe: 'big', bytes: 6_291_554 })).payload.length).toBe(6_291_556);
    });

    it('answers the error of a failed init', async () => {
      const outcome = await bench.invoke(specFor('failing-init'), {});
      expect(outcome.status).toBe('error');
      expect(answerOf(outcome)).toMatchObject({ errorType: 'RangeError', errorMessage: 'not today' });
    });

    it('runs an init that takes over 10 s once more, inside the invocation', async () => {
      const outcome = await bench.invoke(specFor('slow-init', { timeoutSeconds: 30 }), {});
      expect(outcome.status).toBe('success');
      expect(outcome.durationMs).toBeGreaterThan(10_000);
      expect(outcome.initDurationMs).toBeUndefined();
    });

    it('gives the environment, without what belongs to Hearth', async () => {
      const value = 'quote \' " $HOME `id` \\ \n line, ä';
      const spec = specFor('node', { environment: { GREETING: value }, logFormat: 'JSON', applicationLogLevel: 'WARN' });
      const env = answerOf(await bench.invoke(spec, { probe: 'env' }));
      expect(env).toMatchObject({ GREETING: value, AWS_LAMBDA_FUNCTION_NAME: spec.functionName, _HANDLER: 'index.handler', AWS_REGION: 'us-east-1', AWS_LAMBDA_LOG_LEVEL: 'WARN' });
      expect(env.AWS_ACCESS_KEY_ID).toBeUndefined();
      expect(env.AWS_LAMBDA_LOG_STREAM_NAME).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
    });

    it('runs many at a time and mixes up none', async () => {
      const specs = [specFor('node', { memoryMb: 128 }), specFor('node', { memoryMb: 128 })];
      const answers = await Promise.all(Array.from({ length: 40 }, async (_, index) => answerOf(await bench.invoke(specs[index % 2]!, { probe: 'echo', value: index }))));
      expect(answers).toEqual(Array.from({ length: 40 }, (_, index) => index));
    });

    describe('with the HTTP Runtime API', () => {
      const shell = specFor('shell', { runtime: 'provided.al2023' });

      it('runs a shell script as bootstrap, cold and warm', async () => {
        const first = await bench.invoke(shell, { n: 1 });
        expect(answerOf(first)).toEqual({ echo: { n: 1 } });
        expect(first.logTail.toString()).toContain('\nprinted by the shell\nEND ');
        expect(await bench.invoke(shell, { n: 2 })).toMatchObject({ status: 'success', coldStart: false });
      });

      it('takes an error with its type from the header', async () => {
        const outcome = await bench.invoke(shell, { do: 'error' });
        expect(outcome).toMatchObject({ status: 'error', errorType: 'Function.Broken' });
        expect(answerOf(outcome)).toEqual({ errorType: 'Broken', errorMessage: 'as asked' });
      });

      it('refuses another id, a second response and a response over 6 MB', async () => {
        expect(answerOf(await bench.invoke(shell, { do: 'foreign' }))).toEqual({ status: 400 });
        expect(answerOf(await bench.invoke(shell, { do: 'twice' }))).toBe('first');
        await until(() => bench.lines.some((line) => line.startsWith('second: ') && line.includes('InvalidStateTransition')), 'the second response is refused');
        expect(answerOf(await bench.invoke(shell, { do: 'large' })).errorType).toBe('Function.ResponseSizeTooLarge');
        await until(() => bench.lines.some((line) => line.startsWith('large: ') && line.includes('RequestEntityTooLarge')), 'the large response is refused');
      });

      it('tells the exit status of a bootstrap that ended', async () => {
        expect(answerOf(await bench.invoke(shell, { do: 'exit' })).errorMessage).toMatch(/exit status 7$/);
      });

      it('says so when there is no bootstrap', async () => {
        const outcome = await bench.invoke(specFor('node', { runtime: 'provided.al2023' }), {});
        expect(answerOf(outcome)).toMatchObject({ errorType: 'Runtime.InvalidEntrypoint' });
      });
    });

    // Walls and limits are no part of what the process driver promises (README): it has no such cases.
    if (isolated) {
      describe('isolation', () => {
        it('ends a function that uses more memory than it has', async () => {
          const spec = specFor('node', { memoryMb: 128 });
          const outcome = await bench.invoke(spec, { probe: 'leak' });
          expect(answerOf(outcome)).toMatchObject({ errorType: 'Runtime.OutOfMemory', errorMessage: expect.stringMatching(/signal: killed$/) });
          expect(outcome.maxMemoryUsedMb).toBe(128);
          expect(await bench.invoke(spec, { probe: 'count' })).toMatchObject({ status: 'success' });
        });

        it('runs without privileges', async () => {
          const { uid, gid, status } = answerOf(await bench.invoke(specFor('node'), { probe: 'identity' }));
          expect([uid, gid]).toEqual([993, 990]);
          expect(status).toMatch(/^CapEff:\s+0+$/m);
          expect(status).toMatch(/^CapBnd:\s+0+$/m);
          expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
          expect(status).toMatch(/^Seccomp:\s+2$/m);
        });

        it('cannot write anywhere but in /tmp', async () => {
          const spec = specFor('node');
          for (const path of ['/etc/x', '/var/task/x', '/run/hearth/x', '/usr/x', '/opt/x']) expect([path, answerOf(await bench.invoke(spec, { probe: 'write', path }))]).toEqual([path, 'EROFS']);
          expect(answerOf(await bench.invoke(spec, { probe: 'write', path: '/tmp/x' }))).toBe('written');
        });

        it('limits /tmp to its size, which is not the memory of the function', async () => {
          const spec = specFor('node', { memoryMb: 128, timeoutSeconds: 60 });
          const outcome = await bench.invoke(spec, { probe: 'fill', mb: 1_024 });
          expect(answerOf(outcome)).toMatchObject({ code: 'ENOSPC' });
          expect(answerOf(outcome).written).toBeGreaterThan(450);
          expect(answerOf(outcome).written).toBeLessThan(512);
          expect(outcome.maxMemoryUsedMb).toBeLessThan(100);
          expect(await bench.invoke(spec, { probe: 'count' })).toMatchObject({ status: 'success', coldStart: false });
        });

        it('runs nothing of a function between its invocations, and goes on with it in the next one', async () => {
          const spec = specFor('node');
          const frozenBefore = bench.pool.stats().frozen;
          await bench.invoke(spec, { probe: 'startTicking' });
          await until(() => bench.pool.stats().frozen > frozenBefore, 'the sandbox is frozen');
          const from = Date.now() + 50; // The file's time stamps are as coarse as the kernel's clock.
          await until(() => Date.now() > from + 400, 'time for many ticks has passed');
          const to = Date.now();
          const ticks = answerOf(await bench.invoke(spec, { probe: 'ticks', after: to })) as number[];
          expect(ticks.length).toBeGreaterThan(1);
          expect(ticks.filter((tick) => tick > from && tick < to)).toEqual([]);
          expect(ticks.at(-1)).toBeGreaterThanOrEqual(to);
        });

        it('bounds the number of processes', async () => {
          const spec = specFor('node', { memoryMb: 1_024, timeoutSeconds: 60 });
          expect(answerOf(await bench.invoke(spec, { probe: 'fork', children: 1_100 }))).toMatchObject({ status: 2, complaint: expect.stringContaining('Cannot fork') });
          expect(await bench.invoke(spec, { probe: 'count' })).toMatchObject({ status: 'success' });
        });

        it('reaches neither this machine nor link-local addresses', async () => {
          const server = createServer((socket) => socket.end()).listen(0, '0.0.0.0');
          try {
            await until(() => server.listening, 'a server of the host');
            const { port } = server.address() as AddressInfo;
            const targets = [['127.0.0.1', port], ['172.17.0.1', port], ['169.254.169.254', 80], ['169.254.100.1', 9_001], ['8.8.8.8', 53]];
            const results = answerOf(await bench.invoke(specFor('node'), { probe: 'reach', targets })) as string[];
            expect(results[0]).toBe('ECONNREFUSED');
            expect(results.slice(1)).toEqual(targets.slice(1).map(() => 'ENETUNREACH'));
          } finally {
            server.close();
          }
        });
      });
    }
  });

  if (embers !== undefined) return;
  describe(`the pool over the ${name} driver`, () => {
    async function withBench(limits: Parameters<typeof Bench.open>[1], test: (bench: Bench) => Promise<void>): Promise<void> {
      const bench = await Bench.open(make, limits);
      try {
        await test(bench);
      } finally {
        await bench.close();
      }
    }

    it('replaces a runtime that ended between two invocations', () =>
      // Frozen, it could not end by itself.
      withBench({ freezeAfterMs: undefined }, async (bench) => {
        const spec = specFor('node');
        expect(answerOf(await bench.invoke(spec, { probe: 'exitLater' }))).toBe('leaving');
        await until(() => bench.pool.stats().lost > 0, 'the end is noticed');
        expect(await bench.invoke(spec, { probe: 'count' })).toMatchObject({ status: 'success', coldStart: true });
      }));

    it('ends idle sandboxes after their time', () =>
      withBench({ idleMs: 200 }, async (bench) => {
        await bench.invoke(specFor('node'), { probe: 'count' });
        await until(() => bench.pool.stats().expired === 1 && Object.values(bench.pool.stats().states).every((count) => count === 0), 'nothing is left');
      }));

    it('evicts the longest idle sandbox of another function when it is full, and queues in order', () =>
      withBench({ maxSandboxes: 1 }, async (bench) => {
        const [first, second] = [specFor('node'), specFor('node')];
        await bench.invoke(first, { probe: 'count' });
        expect(answerOf(await bench.invoke(second, { probe: 'count' }))).toBe(1);
        expect(bench.pool.stats().evicted).toBe(1);
        const answers = await Promise.all([1, 2, 3].map(async () => answerOf(await bench.invoke(second, { probe: 'count' })) as number));
        expect(answers).toEqual([2, 3, 4]);
        expect(bench.pool.stats().started).toBe(2);
      }));

    it('lets a caller give up waiting, and refuses what can never fit', () =>
      withBench({ maxSandboxes: 1, memoryMb: 512 }, async (bench) => {
        const busy = bench.invoke(specFor('node', { timeoutSeconds: 2 }), { probe: 'never' });
        await until(() => bench.pool.stats().states.busy === 1, 'the only place is taken');
        await expect(bench.invoke(specFor('node'), { probe: 'count' }, AbortSignal.timeout(50))).rejects.toThrow(InfrastructureError);
        await expect(bench.invoke(specFor('node', { memoryMb: 1_024 }), {})).rejects.toThrow('needs 1024 MB');
        expect((await busy).status).toBe('timeout');
      }));

    it('ends the sandboxes of the former revision when a new one of $LATEST is invoked', () =>
      withBench({}, async (bench) => {
        const former = specFor('node');
        await bench.invoke(former, { probe: 'count' });
        await bench.invoke({ ...former, version: '1', sandboxKey: 'published' }, { probe: 'count' });
        await bench.invoke({ ...former, sandboxKey: 'next revision' }, { probe: 'count' });
        await until(() => bench.pool.stats().states.idle === 2 && bench.pool.stats().states.draining === 0, 'the former revision is gone');
        expect(answerOf(await bench.invoke({ ...former, version: '1', sandboxKey: 'published' }, { probe: 'count' }))).toBe(2);
      }));

    it('drains the sandboxes of a superseded version', () =>
      withBench({}, async (bench) => {
        const spec = specFor('node');
        await bench.invoke(spec, { probe: 'count' });
        bench.pool.retire((candidate) => candidate.sandboxKey === spec.sandboxKey);
        expect(answerOf(await bench.invoke(spec, { probe: 'count' }))).toBe(1);
      }));

    it('removes what a former life left, and only that', async () => {
      const stateDirectory = await mkdtemp(join(tmpdir(), 'hearth-sandbox-'));
      const stranger = await Bench.open(make);
      const place = { stateDirectory, report: () => undefined };
      // Without a pool: a life that ended without a word has nobody who clears up behind its sandboxes.
      const former = make({ ...place, incarnation: 'former' });
      const next = make({ ...place, incarnation: 'next' });
      let left: SandboxHandle[] = [];
      try {
        left = await Promise.all([former.start(orderFor(specFor('node'))), former.start(orderFor(specFor('shell', { runtime: 'provided.al2023' })))]);
        const kept = specFor('node');
        await stranger.invoke(kept, { probe: 'count' });
        left[0]!.freeze?.();
        const removed = await next.removeOrphans();
        expect(isolated ? removed.containers : removed.processes).toBeGreaterThanOrEqual(2);
        expect(removed.directories).toBe(2);
        await Promise.all(left.map((sandbox) => sandbox.exit));
        expect(await next.removeOrphans()).toEqual({ containers: 0, processes: 0, mounts: 0, directories: 0 });
        expect(answerOf(await stranger.invoke(kept, { probe: 'count' }))).toBe(2);
      } finally {
        // Only what this process itself holds of them is left: file descriptors.
        await Promise.all(left.map((sandbox) => sandbox.destroy()));
        await former.close();
        await next.close();
        await stranger.close();
        await rm(stateDirectory, { recursive: true, force: true });
      }
    });
  });
}
