import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dockerRun, imageOf } from './cold.js';
import { HANDLER, type BenchPlatform } from './platform.js';
import { RawCaller } from './raw-call.js';
import { alternately, median, ratio, type Measurement, type Pair, type Result } from './result.js';

const PAIRS = 12;
const ASSIGNMENTS = 9;
const MEMORY_MB = 512;
const FILES = 1_000;

/** First invocation of a function that never ran, an ember being ready, against `docker run` of the same image and handler until its first byte. */
export function embers(platform: BenchPlatform): Measurement[] {
  let taken: Promise<Pair[]> | undefined;
  const pairs = (): Promise<Pair[]> => (taken ??= take(platform));
  return [
    { id: 'ember-p50', run: async () => ratio('ember-p50', 'lower', 0.02, 'ms', await pairs()) },
    {
      id: 'ember-p99',
      // Of few: the slowest of Hearth's against the median of the others, so that no single slow `docker run` makes it look good.
      run: async (): Promise<Result> => {
        const all = await pairs();
        const slowest = Math.max(...all.map(({ hearth }) => hearth));
        const baseline = median(all.map((pair) => pair.baseline));
        return {
          id: 'ember-p99',
          value: slowest / baseline,
          unit: 'x',
          mark: 0.08,
          better: 'lower',
          min: slowest / baseline,
          pairs: all.length,
          sides: { hearth: slowest, baseline, unit: 'ms' },
        };
      },
    },
    assignManyFiles(platform),
  ];
}

async function take(platform: BenchPlatform): Promise<Pair[]> {
  const image = await imageOf('nodejs22.x');
  const code = await mkdtemp(join(tmpdir(), 'hearth-bench-code-'));
  await writeFile(join(code, 'index.js'), HANDLER);
  await chmod(code, 0o755);
  const invoke = invokeFromEmber(platform);
  try {
    for (let i = -2; i < PAIRS; i++) await platform.deploy(`bench-ember-${i + 2}`, HANDLER, { memoryMb: MEMORY_MB });
    // Unmeasured: the first asks for embers of its kind, the second is served by one; disk caches of the other side.
    await invoke('bench-ember-0', false);
    await invoke('bench-ember-1');
    await dockerRun(image, code);
    return await alternately(
      PAIRS,
      (pair) => invoke(`bench-ember-${pair + 2}`),
      () => dockerRun(image, code),
    );
  } finally {
    await rm(code, { recursive: true });
  }
}

/** What a function of 1,001 files adds: the median of its first invocations less that of a function of one file, both in embers. */
function assignManyFiles(platform: BenchPlatform): Measurement {
  return {
    id: 'assign-1001-files',
    async run(): Promise<Result> {
      const files = Object.fromEntries(
        Array.from({ length: FILES }, (_, index) => [`lib/part-${index}.js`, `exports.part = ${index};\n`]),
      );
      const invoke = invokeFromEmber(platform);
      for (let i = 0; i < ASSIGNMENTS; i++) {
        await platform.deploy(`bench-few-files-${i}`, HANDLER, { memoryMb: MEMORY_MB });
        await platform.deploy(`bench-many-files-${i}`, HANDLER, { memoryMb: MEMORY_MB, files });
      }
      await platform.deploy('bench-files', HANDLER, { memoryMb: MEMORY_MB });
      await invoke('bench-files', false);
      const pairs = await alternately(
        ASSIGNMENTS,
        (pair) => invoke(`bench-many-files-${pair}`),
        (pair) => invoke(`bench-few-files-${pair}`),
      );
      const added = pairs.map(({ hearth, baseline }) => hearth - baseline);
      return {
        id: 'assign-1001-files',
        value: median(added),
        unit: 'ms',
        mark: 20,
        better: 'lower',
        min: Math.min(...added),
        pairs: pairs.length,
        sides: {
          hearth: median(pairs.map(({ hearth }) => hearth)),
          baseline: median(pairs.map(({ baseline }) => baseline)),
          unit: 'ms',
        },
      };
    },
  };
}

/** @returns runs a first invocation, by default in an ember that is ready */
function invokeFromEmber(platform: BenchPlatform): (name: string, fromEmber?: boolean) => Promise<number> {
  return async (name, fromEmber = true) => {
    if (fromEmber) await platform.untilEmbers();
    const caller = await RawCaller.open(platform);
    try {
      return await caller.invoke(name);
    } finally {
      caller.close();
    }
  };
}
