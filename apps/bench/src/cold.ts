import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '@hearth/kernel';
import { HANDLER, type BenchPlatform } from './platform.js';
import { alternately, ratio, type Measurement } from './result.js';

const PAIRS = 7;
/** Loads the handler as a runtime would, runs it once and prints the answer. */
const RUN_HANDLER = "require('/var/task/index.js').handler({n:1}).then((answer) => process.stdout.write(JSON.stringify(answer)))";

/**
 * First invoke of a function that never ran, nothing warm, against `docker run` of the same image and handler until its first byte.
 * @param open a platform that starts nothing ahead
 */
export function coldDockerRun(open: () => Promise<BenchPlatform>): Measurement {
  return {
    id: 'cold-docker-run',
    async run() {
      const platform = await open();
      const image = await imageOf('nodejs22.x');
      const code = await mkdtemp(join(tmpdir(), 'hearth-bench-code-'));
      await writeFile(join(code, 'index.js'), HANDLER);
      await chmod(code, 0o755);
      try {
        for (let i = -1; i < PAIRS; i++) await platform.deploy(`bench-cold-${i + 1}`);
        await firstInvoke(platform, 0); // Both sides once unmeasured: disk caches.
        await dockerRun(image, code);
        const pairs = await alternately(
          PAIRS,
          (pair) => firstInvoke(platform, pair + 1),
          () => dockerRun(image, code),
        );
        return ratio('cold-docker-run', 'lower', 1.3, 'ms', pairs);
      } finally {
        await rm(code, { recursive: true });
      }
    },
  };
}

export async function firstInvoke(platform: BenchPlatform, number: number, prefix = 'bench-cold'): Promise<number> {
  const begin = performance.now();
  const answer = await platform.call('POST', `/2015-03-31/functions/${prefix}-${number}/invocations`, Buffer.from('{"n":1}'));
  const duration = performance.now() - begin;
  if (answer !== '{"n":1}') throw new Error(`Wrong answer of a cold function: ${answer}`);
  return duration;
}

export async function dockerRun(image: string, code: string): Promise<number> {
  const args = ['run', '--rm', '--network', 'none', '--label', 'hearth.bench=1', '--volume', `${code}:/var/task:ro`, '--entrypoint', '/var/lang/bin/node', image, '-e', RUN_HANDLER];
  const begin = performance.now();
  const child = spawn('docker', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const first = await Promise.race([once(child.stdout, 'data').then(([chunk]) => ({ text: (chunk as Buffer).toString(), at: performance.now() })), exited.then(() => undefined)]);
  const [status] = await exited; // The next side starts when this container is gone.
  if (status !== 0 || first?.text !== '{"n":1}') throw new Error(`docker run of ${image} failed: ${errors}`);
  return first.at - begin;
}

export async function imageOf(runtime: string): Promise<string> {
  const file = process.env.HEARTH_RUNTIMES_FILE || join(projectRoot(), 'infra/runtimes/catalogue.json');
  const catalogue = JSON.parse(await readFile(file, 'utf8')) as Record<string, { image: string }>;
  return (catalogue[runtime] as { image: string }).image;
}
