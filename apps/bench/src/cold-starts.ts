import { imageOf } from './cold.js';
import { BenchPlatform, HANDLER } from './platform.js';
import { RawCaller } from './raw-call.js';
import { RawDocker } from './raw-docker.js';
import { alternately, ratio, type Measurement, type Result } from './result.js';

const PAIRS = 9;
const STORM = 32;
const ROUNDS = 3;
/** So many containers are started at a time on the other side: of 1, 4 and 8 the engine is quickest with 8 (two cores). */
const DOCKER_CONCURRENCY = 8;
const MEMORY_MB = 512;

/**
 * What a true cold start costs: a platform without embers, whose sandboxes end soon, against the engine alone. The platform is started by the first
 * of these that runs, and stopped by `close`.
 */
export class ColdStarts {
  private platform: Promise<BenchPlatform> | undefined;

  measurements(): Measurement[] {
    return [
      { id: 'cold-first-byte', run: () => this.coldFirstByte() },
      { id: 'storm-32', run: () => this.storm() },
    ];
  }

  async close(): Promise<void> {
    await (await this.platform)?.stop();
  }

  private async coldFirstByte(): Promise<Result> {
    const platform = await this.open();
    const docker = await RawDocker.open(await imageOf('nodejs22.x'));
    try {
      for (let i = -1; i < PAIRS; i++) await platform.deploy(`bench-first-byte-${i + 1}`);
      const hearth = async (number: number): Promise<number> => {
        const [ms] = await this.first(platform, [`bench-first-byte-${number}`]);
        await platform.untilSandboxes('idle', 0);
        await platform.untilSandboxes('draining', 0);
        return ms;
      };
      const raw = async (): Promise<number> => {
        const { ms, remove } = await docker.firstByte();
        await remove();
        return ms;
      };
      await hearth(0); // Both sides once unmeasured: disk caches.
      await raw();
      return ratio('cold-first-byte', 'lower', 1.15, 'ms', await alternately(PAIRS, (pair) => hearth(pair + 1), raw));
    } finally {
      await docker.close();
    }
  }

  private async storm(): Promise<Result> {
    const platform = await this.open();
    const docker = await RawDocker.open(await imageOf('nodejs22.x'));
    try {
      const names = Array.from({ length: ROUNDS }, (_, round) =>
        Array.from({ length: STORM }, (_each, index) => `bench-storm-${round}-${index}`),
      );
      for (const name of names.flat()) await platform.deploy(name, HANDLER, { memoryMb: MEMORY_MB });
      const pairs = await alternately(
        ROUNDS,
        async (round) => {
          const [, all] = await this.first(platform, names[round]!);
          await platform.untilSandboxes('idle', 0, 60_000);
          await platform.untilSandboxes('draining', 0, 60_000);
          return all;
        },
        () => rawStorm(docker),
      );
      return ratio('storm-32', 'lower', 1.2, 'ms', pairs);
    } finally {
      await docker.close();
    }
  }

  /** Invokes all at once. @returns ms of the first answer and of the last */
  private async first(platform: BenchPlatform, names: readonly string[]): Promise<[number, number]> {
    const callers = await Promise.all(names.map(() => RawCaller.open(platform)));
    try {
      const begin = performance.now();
      let first = 0;
      await Promise.all(
        callers.map(async (caller, index) => {
          await caller.invoke(names[index]!);
          first ||= performance.now() - begin;
        }),
      );
      return [first, performance.now() - begin];
    } finally {
      for (const caller of callers) caller.close();
    }
  }

  open(): Promise<BenchPlatform> {
    // A second is long enough for no sandbox to end during its own storm.
    return (this.platform ??= BenchPlatform.start({ HEARTH_EMBERS_MAX: '0', HEARTH_SANDBOX_IDLE_MS: '1000' }));
  }
}

async function rawStorm(docker: RawDocker): Promise<number> {
  const removals: (() => Promise<void>)[] = [];
  let left = STORM;
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: DOCKER_CONCURRENCY }, async () => {
      while (left-- > 0) removals.push((await docker.firstByte()).remove);
    }),
  );
  const ms = performance.now() - begin;
  await Promise.all(removals.map((remove) => remove()));
  return ms;
}
