import { cpuMicros, platformCpuMicros } from './cpu.js';
import type { BareServer, LoadClient } from './helper-process.js';
import type { BenchPlatform } from './platform.js';
import { alternately, ratio, type Measurement } from './result.js';
import { request } from './signed-request.js';

const PAIRS = 7;
const DURATION_MS = 2_000;
const WARM_UP_MS = 300;
/** Long enough for the JIT compilers of 16 sandboxes, which share the load. */
const FIRST_WARM_UP_MS = 12_000;
/** A plain event of about 100 bytes. */
export const EVENT = Buffer.from(JSON.stringify({ id: 42, name: 'bench', items: [1, 2, 3], text: 'the quick brown fox jumps over the lazy dog' }));

/** Both sides of the warm measurements, over the same client: a sync Invoke of `name` through the full path (signature, permission, log), and a bare Node http JSON POST. */
function sides(name: string, connections: number, platform: BenchPlatform, client: LoadClient, bare: BareServer) {
  const common = { connections, status: 200, body: EVENT.toString() };
  const path = `/2015-03-31/functions/${name}/invocations`;
  return {
    hearth: (durationMs: number, warmUpMs: number) =>
      client.run({ ...common, port: platform.port, request: platform.sign('POST', path, EVENT).toString('base64'), durationMs, warmUpMs }),
    bare: (durationMs: number, warmUpMs: number) => client.run({ ...common, port: bare.port, request: bareRequest(bare.port), durationMs, warmUpMs }),
  };
}

function bareRequest(port: number): string {
  return request({ method: 'POST', path: '/', headers: { host: `127.0.0.1:${port}`, 'content-type': 'application/json' }, body: EVENT }).toString('base64');
}

function warm(options: { id: string; connections: number; read: 'p50Ms' | 'p99Ms' | 'perSecond'; better: 'lower' | 'higher'; mark: number; unit: string }, platform: BenchPlatform, client: LoadClient, bareServer: BareServer): Measurement {
  const name = `bench-${options.id}`;
  const { hearth, bare } = sides(name, options.connections, platform, client, bareServer);
  return {
    id: options.id,
    async run() {
      await platform.deploy(name);
      await hearth(500, FIRST_WARM_UP_MS);
      await bare(500, FIRST_WARM_UP_MS);
      const pairs = await alternately(
        PAIRS,
        async () => (await hearth(DURATION_MS, WARM_UP_MS))[options.read],
        async () => (await bare(DURATION_MS, WARM_UP_MS))[options.read],
      );
      return ratio(options.id, options.better, options.mark, options.unit, pairs);
    },
  };
}

/** CPU of all processes for one warm call at concurrency 16: platform, sandboxes and embedded servers against the bare server. */
export function warmCpu(platform: BenchPlatform, client: LoadClient, bareServer: BareServer): Measurement {
  const { hearth, bare } = sides('bench-warm-cpu', 16, platform, client, bareServer);
  const perCall = async (run: typeof hearth, cpu: () => Promise<number>) => {
    await run(0, WARM_UP_MS);
    const before = await cpu();
    const { count } = await run(DURATION_MS, 0);
    return ((await cpu()) - before) / count;
  };
  return {
    id: 'warm-cpu',
    async run() {
      await platform.deploy('bench-warm-cpu');
      await hearth(500, FIRST_WARM_UP_MS);
      await bare(500, FIRST_WARM_UP_MS);
      const pairs = await alternately(
        PAIRS,
        () => perCall(hearth, () => platformCpuMicros(platform.pid, platform.stateDir)),
        () => perCall(bare, () => cpuMicros(bareServer.pid)),
      );
      return ratio('warm-cpu', 'lower', 5, 'us', pairs);
    },
  };
}

export function warmP99(platform: BenchPlatform, client: LoadClient, bare: BareServer): Measurement {
  return warm({ id: 'warm-p99', connections: 1, read: 'p99Ms', better: 'lower', mark: 4, unit: 'ms' }, platform, client, bare);
}

export function warmP50(platform: BenchPlatform, client: LoadClient, bare: BareServer): Measurement {
  return warm({ id: 'warm-p50', connections: 1, read: 'p50Ms', better: 'lower', mark: 2.5, unit: 'ms' }, platform, client, bare);
}

/**
 * Signature, authorisation and routing alone: a DryRun invocation, which ends where the sandbox would begin, against the bare
 * server, which reads and answers HTTP as well. At most 0.35 of a bare call on top.
 */
export function authorisation(platform: BenchPlatform, client: LoadClient, { port: barePort }: BareServer): Measurement {
  const path = '/2015-03-31/functions/bench-authorise-p50/invocations';
  const p50 = async (port: number, bytes: string, status: number, warmUpMs = WARM_UP_MS) =>
    (await client.run({ port, request: bytes, connections: 1, durationMs: DURATION_MS, warmUpMs, status })).p50Ms;
  const hearth = (warmUpMs?: number) => p50(platform.port, platform.sign('POST', path, EVENT, { 'x-amz-invocation-type': 'DryRun' }).toString('base64'), 204, warmUpMs);
  const bare = (warmUpMs?: number) => p50(barePort, bareRequest(barePort), 200, warmUpMs);
  return {
    id: 'authorise-p50',
    async run() {
      await platform.deploy('bench-authorise-p50');
      await hearth(FIRST_WARM_UP_MS);
      await bare(FIRST_WARM_UP_MS);
      return ratio('authorise-p50', 'lower', 1.35, 'ms', await alternately(PAIRS, () => hearth(), () => bare()));
    },
  };
}

export function throughput(platform: BenchPlatform, client: LoadClient, bare: BareServer): Measurement {
  return warm({ id: 'throughput-c16', connections: 16, read: 'perSecond', better: 'higher', mark: 0.3, unit: 'req/s' }, platform, client, bare);
}
