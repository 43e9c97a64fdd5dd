import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { DockerDriver } from './drivers/docker-driver.js';
import { ProcessDriver } from './drivers/process-driver.js';
import { controlRoot, ownerOf } from './drivers/owner.js';
import { RuntimeCatalogue } from './runtime-catalogue.js';
import { Bench, specFor, until, type DriverPlace } from './testing/bench.js';
import { sandboxConformance } from './testing/conformance.js';

const docker = new Docker();
const catalogue = RuntimeCatalogue.load(process.env.HEARTH_RUNTIMES_FILE || undefined);
const dockerDriver = (place: DriverPlace) => new DockerDriver({ ...place, docker, catalogue, labels: { 'hearth.test': 'sandbox' } });

sandboxConformance('docker', true, dockerDriver);
sandboxConformance('docker', true, dockerDriver, { max: 3, patienceMs: 0, standing: [{ runtime: 'nodejs22.x', memoryMb: 256 }, { runtime: 'provided.al2023', memoryMb: 0 }] });
sandboxConformance('process', false, (place) => new ProcessDriver({ ...place, catalogue }));

describe('a container', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await Bench.open(dockerDriver);
  });
  afterAll(() => bench.close());

  it('shows no secret in docker inspect, and its file is gone once it is initialised', async () => {
    const canary = `canary-${Math.random().toString(36).slice(2)}`;
    await bench.invoke(specFor('node', { environment: { SECRET: canary } }), { probe: 'count' });
    const owner = ownerOf(bench.stateDirectory, '');
    const containers = await docker.listContainers({ filters: { label: [`hearth.owner=${owner.owner}`] } });
    expect(containers).toHaveLength(1);
    expect(JSON.stringify(await docker.getContainer(containers[0]!.Id).inspect())).not.toContain(canary);
    const files = async () => (await readdir(controlRoot(owner), { recursive: true })).map((path) => path.split('/').at(-1));
    await until(async () => !(await files()).includes('env'), 'the environment file is gone');
    expect(await files()).toContain('log');
  });

  it('has the CPU share of its memory once it is initialised', async () => {
    await bench.close();
    // Nothing can be executed in a frozen container.
    bench = await Bench.open(dockerDriver, { freezeAfterMs: undefined });
    const script = 'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu.max 2>/dev/null';
    await bench.invoke(specFor('node', { memoryMb: 442 }), { probe: 'count' });
    const [container] = await docker.listContainers({ filters: { label: [`hearth.owner=${ownerOf(bench.stateDirectory, '').owner}`] } });
    const execution = await docker.getContainer(container!.Id).exec({ Cmd: ['/bin/sh', '-c', script], AttachStdout: true });
    const stream = await execution.start({});
    let text = '';
    for await (const chunk of stream) text += (chunk as Buffer).subarray(8).toString();
    expect(text).toMatch(/^24985( 100000)?\n/);
  });

  it('names the image that is not there', async () => {
    const stateDirectory = await mkdtemp(join(tmpdir(), 'hearth-sandbox-'));
    const missing = RuntimeCatalogue.of({ 'nodejs22.x': { image: 'hearth/not-there', channel: 'socket' } }, 'test', catalogue.assets);
    const lost = await Bench.open((place) => new DockerDriver({ ...place, docker, catalogue: missing }), {}, stateDirectory);
    try {
      await expect(lost.invoke(specFor('node'), {})).rejects.toThrow('the image hearth/not-there of nodejs22.x is not on this machine');
      expect((await lost.driver.check()).missingRuntimes).toEqual(['nodejs22.x']);
    } finally {
      await lost.close();
      await rm(stateDirectory, { recursive: true, force: true });
    }
  });
});
