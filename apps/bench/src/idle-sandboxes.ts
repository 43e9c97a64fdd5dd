import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type Docker from 'dockerode';
import { imageOf } from './cold.js';
import type { LoadClient } from './helper-process.js';
import { HANDLER, type BenchPlatform } from './platform.js';
import { RawCaller } from './raw-call.js';
import { RawDocker } from './raw-docker.js';
import { alternately, median, ratio, type Measurement, type Result } from './result.js';
import { EVENT } from './warm.js';

const THAW_PAIRS = 15;
/** Longer than the time after which an idle sandbox is frozen. */
const FROZEN_AFTER_MS = 150;
const SANDBOXES = 5;
const NOISY_PAIRS = 5;
const NOISY_MS = 1_500;
const WARM_UP_MS = 300;
const BURN = 'exports.handler = async ({ ms }) => { for (const end = Date.now() + ms; Date.now() < end; ); return ms; };\n';

/** The first invocation after a while, of a sandbox that was frozen meanwhile, against the engine's unpause and a question to that container. */
export function thaw(platform: BenchPlatform): Measurement {
  return {
    id: 'thaw',
    async run() {
      await platform.deploy('bench-thaw');
      const docker = await RawDocker.open(await imageOf('nodejs22.x'));
      const caller = await RawCaller.open(platform);
      const { container, ask } = await docker.echo();
      try {
        for (let i = 0; i < 50; i++) await caller.invoke('bench-thaw');
        for (let i = 0; i < 50; i++) await ask();
        const pairs = await alternately(
          THAW_PAIRS,
          async () => {
            await wait(FROZEN_AFTER_MS);
            return caller.invoke('bench-thaw');
          },
          async () => {
            await container.pause();
            await wait(FROZEN_AFTER_MS);
            const begin = performance.now();
            await container.unpause();
            await ask();
            return performance.now() - begin;
          },
        );
        return ratio('thaw', 'lower', 0.1, 'ms', pairs);
      } finally {
        caller.close();
        await container.remove({ force: true });
        await docker.close();
      }
    },
  };
}

/** Proportional memory of all processes of an idle sandbox that has served, against a container in which Node does nothing. */
export function sandboxMemory(platform: BenchPlatform): Measurement {
  return {
    id: 'sandbox-memory',
    async run(): Promise<Result> {
      const docker = await RawDocker.open(await imageOf('nodejs22.x'));
      const names = Array.from({ length: SANDBOXES }, (_, index) => `bench-memory-${index}`);
      const caller = await RawCaller.open(platform);
      const others: Docker.Container[] = [];
      try {
        const before = new Set((await sandboxesOf(platform, docker)).map(({ Id }) => Id));
        for (const name of names) {
          await platform.deploy(name, HANDLER, { memoryMb: 128 });
          await caller.invoke(name);
          others.push(await docker.idle());
        }
        const made = (await sandboxesOf(platform, docker)).filter(({ Id }) => !before.has(Id));
        const mine = (await Promise.all(made.map(async (one) => ((await hasCode(docker, one)) ? [one] : []))))
          .flat()
          .map(({ Id }) => docker.engine.getContainer(Id));
        const [hearth, baseline] = [await memoryOf(mine), await memoryOf(others)];
        const value = median(hearth) / median(baseline);
        return {
          id: 'sandbox-memory',
          value,
          unit: 'x',
          mark: 1.25,
          better: 'lower',
          min: Math.min(...hearth) / median(baseline),
          pairs: hearth.length,
          sides: { hearth: median(hearth), baseline: median(baseline), unit: 'MB' },
        };
      } finally {
        caller.close();
        await Promise.all(others.map((container) => container.remove({ force: true })));
        await docker.close();
      }
    },
  };
}

/** p99 of a warm function while another one burns all the CPU it may have, against p99 alone. */
export function noisyNeighbour(platform: BenchPlatform, client: LoadClient): Measurement {
  const path = '/2015-03-31/functions/bench-quiet/invocations';
  const p99 = async (): Promise<number> => {
    const request = platform.sign('POST', path, EVENT).toString('base64');
    return (
      await client.run({ port: platform.port, request, connections: 1, durationMs: NOISY_MS, warmUpMs: WARM_UP_MS, status: 200 })
    ).p99Ms;
  };
  return {
    id: 'noisy-p99',
    async run() {
      await platform.deploy('bench-quiet');
      await platform.deploy('bench-noisy', BURN);
      const burn = (ms: number) =>
        platform.call('POST', '/2015-03-31/functions/bench-noisy/invocations', Buffer.from(JSON.stringify({ ms })));
      await burn(1);
      for (let i = 0; i < 3; i++) await p99();
      const pairs = await alternately(
        NOISY_PAIRS,
        async () => {
          const burning = burn(NOISY_MS + WARM_UP_MS + 300);
          const measured = await p99();
          await burning;
          return measured;
        },
        p99,
      );
      return ratio('noisy-p99', 'lower', 3, 'ms', pairs);
    },
  };
}

/** By their mounts: each has its /tmp, or its code, from the state directory. */
async function sandboxesOf(platform: BenchPlatform, docker: RawDocker): Promise<Docker.ContainerInfo[]> {
  const all = await docker.engine.listContainers({ filters: { label: ['hearth.owner'] } });
  return all.filter(({ Mounts }) => Mounts.some(({ Source }) => Source.startsWith(`${platform.stateDir}/`)));
}

/** Not an ember that waits: nothing of a package is mounted in one yet. */
async function hasCode({ engine }: RawDocker, { Id }: Docker.ContainerInfo): Promise<boolean> {
  const { State } = await engine.getContainer(Id).inspect();
  return / \/\S*packages\S* \/var\/task /.test(await readFile(`/proc/${State.Pid}/mountinfo`, 'utf8'));
}

/** MB of each, in the order of size. */
async function memoryOf(containers: readonly Docker.Container[]): Promise<number[]> {
  const sizes = await Promise.all(
    containers.map(async (container) => {
      const { Processes, Titles } = (await container.top()) as { Processes: string[][]; Titles: string[] };
      const pids = Processes.map((line) => line[Titles.indexOf('PID')]);
      const parts = await Promise.all(
        pids.map(async (pid) => Number(/^Pss:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)),
      );
      return parts.reduce((sum, part) => sum + part, 0) / 1_024;
    }),
  );
  return sizes.sort((a, b) => a - b);
}
