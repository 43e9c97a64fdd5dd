import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { DockerDriver } from './drivers/docker-driver.js';
import { ownerOf } from './drivers/owner.js';
import type { PoolLimits } from './pool/capacity.js';
import type { EmberSettings } from './pool/embers.js';
import type { FunctionSpec } from './function-spec.js';
import { RuntimeCatalogue } from './runtime-catalogue.js';
import { answerOf, Bench, specFor, until, type DriverPlace } from './testing/bench.js';

const docker = new Docker();
const catalogue = RuntimeCatalogue.load(process.env.HEARTH_RUNTIMES_FILE || undefined);
const make = (place: DriverPlace) => new DockerDriver({ ...place, docker, catalogue, labels: { 'hearth.test': 'embers' } });
const NODE = { runtime: 'nodejs22.x', memoryMb: 256 };

async function withEmbers(
  embers: EmberSettings | undefined,
  test: (bench: Bench) => Promise<void>,
  limits: Partial<PoolLimits> = {},
): Promise<void> {
  const bench = await Bench.open(make, limits, undefined, { embers });
  try {
    await test(bench);
  } finally {
    await bench.close();
  }
}

/** The same question to a sandbox made for its function and to one that was an ember. */
async function bothWays(spec: FunctionSpec, event: object, kind = NODE): Promise<unknown[]> {
  const answers: unknown[] = [];
  await withEmbers(undefined, async (bench) => void answers.push(answerOf(await bench.invoke(spec, event))));
  await withEmbers({ max: 1, patienceMs: 0, standing: [kind] }, async (bench) => {
    answers.push(answerOf(await bench.invoke(spec, event)));
    expect(bench.pool.stats()).toMatchObject({ started: 1, fromEmbers: 1 });
    expect(bench.reports).toEqual([]);
  });
  return answers;
}

describe('a sandbox that was an ember', () => {
  it.each<[string, Partial<FunctionSpec>]>([
    ['of its kind', {}],
    ['of another memory size, whose runtime is started anew', { memoryMb: 512 }],
    ['with options for its runtime, which is started anew', { environment: { NODE_OPTIONS: '--stack-trace-limit=7' } }],
    ['in another time zone', { environment: { TZ: 'Europe/Vienna' } }],
    ['with a larger /tmp', { ephemeralStorageMb: 1_024 }],
    ['with layers', { layers: ['shell'] }],
  ])('looks to a function %s like one that was made for it', async (_what, changes) => {
    const [made, ember] = (await bothWays(specFor('node', changes), { probe: 'runtime' })) as Record<string, any>[];
    // Sockets of the two ways, which are of no use to a function.
    for (const one of [made!, ember!]) one.files.pop();
    expect(ember).toEqual(made);
  });

  it('has the environment of one that was made for it', async () => {
    const spec = specFor('node', { environment: { GREETING: "it's" } });
    const [made, ember] = (await bothWays(spec, { probe: 'env' })) as Record<string, string>[];
    const own = ['HOSTNAME', 'AWS_LAMBDA_LOG_STREAM_NAME'];
    for (const one of [made!, ember!]) for (const name of own) delete one[name];
    expect(ember).toEqual(made);
  });

  it('runs Python as one that was made for it', async () => {
    const spec = specFor('python', { runtime: 'python3.11', environment: { GREETING: 'hello', TZ: 'Europe/Vienna' } });
    const [made, ember] = await bothWays(spec, {}, { runtime: 'python3.11', memoryMb: 0 });
    expect(ember).toEqual({ count: 1, cwd: '/var/task', path: '/var/task', zone: 'CET', greeting: 'hello', memory: '256' });
    expect(ember).toEqual(made);
  });

  it('shows no secret in docker inspect, and is never given to a second function', () =>
    withEmbers({ max: 1, patienceMs: 0, standing: [NODE] }, async (bench) => {
      const canary = `canary-${Math.random().toString(36).slice(2)}`;
      await bench.invoke(specFor('node', { environment: { SECRET: canary } }), { probe: 'count' });
      expect(answerOf(await bench.invoke(specFor('node'), { probe: 'count' }))).toBe(1);
      const containers = await docker.listContainers({
        filters: { label: [`hearth.owner=${ownerOf(bench.stateDirectory, '').owner}`] },
      });
      const inspected = await Promise.all(containers.map(({ Id }) => docker.getContainer(Id).inspect()));
      expect(containers.length).toBeGreaterThanOrEqual(2);
      expect(JSON.stringify(inspected)).not.toContain(canary);
    }));
});

describe('embers', () => {
  it('follow demand', () =>
    withEmbers({ max: 2, patienceMs: 0, standing: [NODE] }, async (bench) => {
      await bench.invoke(specFor('node', { memoryMb: 512 }), { probe: 'count' });
      await until(() => bench.pool.stats().embers.ready === 2, 'one of the new kind beside the standing one');
      const { initDurationMs } = await bench.invoke(specFor('node', { memoryMb: 512 }), { probe: 'count' });
      expect(initDurationMs).toBeDefined();
      expect(bench.pool.stats().fromEmbers).toBe(2);
    }));

  it('give way to a sandbox that needs their room', () =>
    withEmbers(
      { max: 1, patienceMs: 0, standing: [{ runtime: 'python3.11', memoryMb: 0 }] },
      async (bench) => {
        expect(await bench.invoke(specFor('node', { memoryMb: 1_000 }), { probe: 'count' })).toMatchObject({ status: 'success' });
        expect(bench.pool.stats()).toMatchObject({ fromEmbers: 0, embers: { ready: 0, kindling: 0 } });
      },
      { memoryMb: 1_024 },
    ));

  it('that were left by a former life are removed', async () => {
    const stateDirectory = await mkdtemp(join(tmpdir(), 'hearth-embers-'));
    const place = { stateDirectory, report: () => undefined };
    const [former, next] = [make({ ...place, incarnation: 'former' }), make({ ...place, incarnation: 'next' })];
    try {
      const ember = await former.embers!.kindle(NODE);
      expect(await next.removeOrphans()).toMatchObject({ containers: 1 });
      await ember.ended;
      await ember.destroy();
      expect(await next.removeOrphans()).toEqual({ containers: 0, processes: 0, mounts: 0, directories: 0 });
    } finally {
      await former.close();
      await next.close();
      await rm(stateDirectory, { recursive: true, force: true });
    }
  });

  it('of an image that cannot wait are given up, and said so once', async () => {
    const blind = RuntimeCatalogue.of(
      { 'nodejs22.x': { image: 'hearth/provided', channel: 'socket', build: { family: 'nodejs' } } },
      'test',
      catalogue.assets,
    );
    const stateDirectory = await mkdtemp(join(tmpdir(), 'hearth-embers-'));
    const reports: string[] = [];
    const driver = new DockerDriver({
      docker,
      catalogue: blind,
      stateDirectory,
      incarnation: 'x',
      labels: { 'hearth.test': 'embers' },
      report: (message) => void reports.push(message),
    });
    try {
      for (let i = 0; i < 3; i++) await expect(driver.embers!.kindle(NODE)).rejects.toThrow('does not know how to wait');
      expect(driver.embers!.kindFor(specFor('node'))).toBeUndefined();
      expect(reports).toEqual([expect.stringContaining('No sandboxes of nodejs22.x are started ahead any more')]);
    } finally {
      await driver.close();
      await rm(stateDirectory, { recursive: true, force: true });
    }
  });
});
