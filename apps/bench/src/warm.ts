import type { LoadClient } from './helper-process.js';
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

/** Warm sync Invoke through the full path (signature, permission, log) against a bare Node http JSON POST, over the same client. */
function warm(options: { id: string; connections: number; read: 'p50Ms' | 'perSecond'; better: 'lower' | 'higher'; mark: number; unit: string }, platform: BenchPlatform, client: LoadClient, barePort: number): Measurement {
  const name = `bench-${options.id}`;
  const path = `/2015-03-31/functions/${name}/invocations`;
  const common = { connections: options.connections, status: 200, body: EVENT.toString() };
  const hearth = (durationMs: number, warmUpMs: number) =>
    client.run({ ...common, port: platform.port, request: platform.sign('POST', path, EVENT).toString('base64'), durationMs, warmUpMs });
  const bare = (durationMs: number, warmUpMs: number) =>
    client.run({
      ...common,
      port: barePort,
      request: request({ method: 'POST', path: '/', headers: { host: `127.0.0.1:${barePort}`, 'content-type': 'application/json' }, body: EVENT }).toString('base64'),
      durationMs,
      warmUpMs,
    });
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

export function warmP50(platform: BenchPlatform, client: LoadClient, barePort: number): Measurement {
  return warm({ id: 'warm-p50', connections: 1, read: 'p50Ms', better: 'lower', mark: 4, unit: 'ms' }, platform, client, barePort);
}

/**
 * Signature, authorisation and routing alone: a DryRun invocation, which ends where the sandbox would begin, against the bare
 * server, which reads and answers HTTP as well. At most 0.35 of a bare call on top.
 */
export function authorisation(platform: BenchPlatform, client: LoadClient, barePort: number): Measurement {
  const path = '/2015-03-31/functions/bench-authorise-p50/invocations';
  const p50 = async (port: number, bytes: Buffer, status: number, warmUpMs = WARM_UP_MS) =>
    (await client.run({ port, request: bytes.toString('base64'), connections: 1, durationMs: DURATION_MS, warmUpMs, status })).p50Ms;
  const hearth = (warmUpMs?: number) => p50(platform.port, platform.sign('POST', path, EVENT, { 'x-amz-invocation-type': 'DryRun' }), 204, warmUpMs);
  const bare = (warmUpMs?: number) => p50(barePort, request({ method: 'POST', path: '/', headers: { host: `127.0.0.1:${barePort}`, 'content-type': 'application/json' }, body: EVENT }), 200, warmUpMs);
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

export function throughput(platform: BenchPlatform, client: LoadClient, barePort: number): Measurement {
  return warm({ id: 'throughput-c16', connections: 16, read: 'perSecond', better: 'higher', mark: 0.15, unit: 'req/s' }, platform, client, barePort);
}
