import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { DockerDriver, type DockerDriverOptions } from './drivers/docker-driver.js';
import { IsolationProfiles } from './drivers/isolation.js';
import { RuntimeCatalogue } from './runtime-catalogue.js';
import { answerOf, Bench, specFor } from './testing/bench.js';
import { testOnGvisor } from './testing/gvisor.js';

const docker = new Docker();
const catalogue = RuntimeCatalogue.load();
const gvisor = await testOnGvisor(docker);
const open = (options: Partial<DockerDriverOptions> = {}): Promise<Bench> =>
  Bench.open((place) => new DockerDriver({ ...place, docker, catalogue, labels: { 'hearth.test': 'isolation' }, ...options }));
const GVISOR_KERNEL = /^Linux version 4\.4\.0 /;
const kernel = (bench: Bench, changes = {}): Promise<string> =>
  bench.invoke(specFor('node', changes), { probe: 'kernel' }).then(answerOf) as Promise<string>;

describe('isolation profiles', () => {
  it('refuses a function that demands what the host does not have', async () => {
    const bench = await open();
    try {
      await expect(bench.invoke(specFor('node', { isolation: 'kata' }), {})).rejects.toMatchObject({
        code: 'InvalidRuntimeException',
        message:
          "The function needs the isolation profile 'kata', which the worker that was chosen does not have: its Docker engine has no runtime kata or kata-runtime or kata-qemu or kata-fc or kata-clh",
      });
    } finally {
      await bench.close();
    }
  });

  it('does not start a worker whose functions would all be refused', async () => {
    const stateDirectory = await mkdtemp(join(tmpdir(), 'hearth-isolation-'));
    const driver = new DockerDriver({
      docker,
      catalogue,
      stateDirectory,
      incarnation: 'only',
      isolation: 'kata',
      report: () => undefined,
    });
    await expect(driver.check()).rejects.toThrow('HEARTH_ISOLATION is kata, which this machine does not have');
    await driver.close();
    await rm(stateDirectory, { recursive: true, force: true });
  });

  it('takes the stronger of what the platform gives and the function asks for, and probes once', async () => {
    const probed: string[] = [];
    const engine = { info: async () => ({ Runtimes: { runc: {}, runsc: {}, kata: {} } }) } as unknown as Docker;
    const profiles = (least: 'runc' | 'gvisor') =>
      new IsolationProfiles({ docker: engine, least, probe: async (name) => void probed.push(name) });
    const strict = profiles('gvisor');
    expect([
      await profiles('runc').runtimeFor(),
      await strict.runtimeFor('runc'),
      await strict.runtimeFor(),
      await strict.runtimeFor('kata'),
    ]).toEqual([undefined, 'runsc', 'runsc', 'kata']);
    expect(probed).toEqual(['runsc', 'kata']);
  });

  it('refuses a profile whose sandbox does not come to life', async () => {
    const engine = { info: async () => ({ Runtimes: { runsc: {} } }) } as unknown as Docker;
    const broken = new IsolationProfiles({ docker: engine, least: 'runc', probe: () => Promise.reject(new Error('it hangs')) });
    await expect(broken.runtimeFor('gvisor')).rejects.toMatchObject({
      code: 'InvalidRuntimeException',
      message: expect.stringContaining('it hangs'),
    });
    expect(await broken.runtimeFor()).toBeUndefined();
  });

  describe('gVisor', () => {
    let bench: Bench;
    beforeAll(async () => {
      bench = await open({ egress: { mode: 'open', allow: [] } });
    });
    afterAll(() => bench.close());
    const on = { isolation: 'gvisor' as const };

    gvisor('runs a function that asks for it on a kernel of its own, beside others that do not', async () => {
      expect(await kernel(bench, on)).toMatch(GVISOR_KERNEL);
      expect(await kernel(bench)).not.toMatch(GVISOR_KERNEL);
    });

    gvisor('answers, logs, keeps its sandbox, and ends it on a timeout', async () => {
      const spec = specFor('node', on);
      const first = await bench.invoke(spec, { probe: 'print', lines: ['one'] });
      expect([first.status, first.coldStart]).toEqual(['success', true]);
      expect(first.logTail.toString()).toContain('last, without line feed');
      expect((await bench.invoke(spec, { probe: 'count' })).coldStart).toBe(false);
      expect(await bench.invoke(specFor('node', { ...on, timeoutSeconds: 1 }), { probe: 'never' })).toMatchObject({
        status: 'timeout',
      });
    });

    gvisor('serves the HTTP Runtime API in it', async () => {
      expect(answerOf(await bench.invoke(specFor('shell', { ...on, runtime: 'provided.al2023' }), { n: 1 }))).toEqual({
        echo: { n: 1 },
      });
    });

    gvisor('holds its limits: memory, files, privileges', async () => {
      const spec = specFor('node', { ...on, memoryMb: 256, timeoutSeconds: 50 }); // Memory is slow to fill under gVisor.
      const leaked = await bench.invoke(spec, { probe: 'leak' });
      expect(answerOf(leaked).errorType).toMatch(/^Runtime\.(OutOfMemory|ExitError)$/);
      expect(answerOf(await bench.invoke(spec, { probe: 'write', path: '/var/task/x' }))).toMatch(/^E(ROFS|ACCES)$/);
      expect(answerOf(await bench.invoke(spec, { probe: 'identity' }))).toMatchObject({
        uid: 993,
        gid: 990,
        status: expect.stringMatching(/^CapEff:\s+0+$/m),
      });
    });

    gvisor('reaches neither this machine nor link-local addresses', async () => {
      expect(
        answerOf(
          await bench.invoke(specFor('node', on), {
            probe: 'reach',
            targets: [
              ['172.17.0.1', 80],
              ['169.254.169.254', 80],
            ],
          }),
        ),
      ).toEqual(['ENETUNREACH', 'ENETUNREACH']);
    });
  });
});
