import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { DockerDriver } from './drivers/docker-driver.js';
import { ownerOf } from './drivers/owner.js';
import { ProcessDriver } from './drivers/process-driver.js';
import { imageLauncher } from './drivers/sandbox-program.js';
import { EngineImages } from './images/engine-images.js';
import type { FunctionImage, PinnedImage } from './images/function-image.js';
import type { FunctionSpec } from './function-spec.js';
import { RuntimeCatalogue } from './runtime-catalogue.js';
import { answerOf, Bench, specFor } from './testing/bench.js';
import { ImageRegistry } from './testing/image-registry.js';
import { compileLauncher, importImage, scratchRoot } from './testing/scratch-image.js';

const docker = new Docker();
const catalogue = RuntimeCatalogue.load();
const architecture = process.arch === 'arm64' ? 'arm64' : 'x86_64';
const run = randomUUID().slice(0, 8);
const LOCAL = `hearth-test-img/${run}:latest`;

let root: Buffer;
let registry: ImageRegistry;
let folder: string;
let images: EngineImages;
let bench: Bench;
let localId: string;
/** Names that the tests made. */
const made = new Set<string>([LOCAL]);

function specOf(image: FunctionImage, changes: Partial<FunctionSpec> = {}): FunctionSpec {
  return specFor(image.digest, { runtime: '', handler: '', image, architecture, ...changes });
}

async function deployed(uri: string): Promise<PinnedImage> {
  const image = await images.locateImage(uri);
  await images.fetchImage(image, architecture);
  made.add(`hearth-function-image:${image.digest}`);
  return image;
}

beforeAll(async () => {
  await compileLauncher();
  root = await scratchRoot();
  registry = await ImageRegistry.open();
  folder = await mkdtemp(join(tmpdir(), 'hearth-images-'));
  localId = await importImage(root, LOCAL, ['ENTRYPOINT ["/runtime", "from entrypoint"]', 'CMD ["from command"]', 'ENV FROM_IMAGE=yes OVERRIDDEN=image dotted.name=kept PATH=/', 'USER 0', 'WORKDIR /work', 'VOLUME /data', 'HEALTHCHECK CMD ["/runtime", "exit"]']);
  const { username, password } = registry.credentials;
  const authFile = join(folder, 'config.json');
  await writeFile(authFile, JSON.stringify({ auths: { [registry.host]: { auth: Buffer.from(`${username}:${password}`).toString('base64') } } }));
  images = new EngineImages({ docker, launcherPath: imageLauncher(catalogue.assets), authFile, mappings: [{ from: '*.dkr.ecr.*.amazonaws.com', to: `${registry.host}/ecr` }], report: () => undefined });
  bench = await Bench.open((place) => new DockerDriver({ ...place, docker, catalogue, images, labels: { 'hearth.test': 'img' } }));
});

afterAll(async () => {
  await bench?.close();
  await registry?.close();
  await docker.getVolume(`hearth-function-image-${localId.slice(0, 32)}-0`).remove();
  for (const name of made) await docker.getImage(name).remove({ force: true }).catch(() => undefined); // Some tests remove theirs.
  if (folder) await rm(folder, { recursive: true, force: true });
});

describe('a container image without a shell', () => {
  it('runs its own entry point as the sandbox user on a read-only root, with the environment and nothing of it in the engine', async () => {
    const spec = specOf(await deployed(LOCAL), { environment: { SECRET: "it's\na canary", OVERRIDDEN: 'function' } });
    const outcome = await bench.invoke(spec, {});
    expect(answerOf({ ...outcome, payload: Buffer.from(Buffer.from(outcome.payload).toString().replaceAll('\n', '\\n')) })).toEqual({
      cwd: '/work',
      uid: process.getuid?.() === 0 ? 993 : process.getuid?.(),
      pid: expect.any(Number),
      root: 'EROFS',
      volume: 'EROFS',
      volumeFile: 0,
      tmp: 'written',
      fromImage: 'yes',
      dotted: 'kept',
      overridden: 'function',
      secret: "it's\na canary",
      region: 'us-east-1',
      handler: '',
      path: '/',
      args: ['/runtime', 'from entrypoint', 'from command'],
    });
    expect(Buffer.from(outcome.logTail).toString()).toMatch(/^START RequestId: \S+ Version: \$LATEST\nserving \S+\nEND /);
    const [container] = await docker.listContainers({ filters: { label: [`hearth.owner=${ownerOf(bench.stateDirectory, '').owner}`] } });
    const facts = await docker.getContainer(container!.Id).inspect();
    expect(JSON.stringify(facts)).not.toContain('canary');
    expect(facts.HostConfig.ReadonlyRootfs).toBe(true);
    expect(facts.State.Health).toBeUndefined();
    // Warm: the same sandbox, without another start.
    expect(await bench.invoke(spec, {})).toMatchObject({ status: 'success', coldStart: false });
  });

  it('runs what the configuration puts in the place of entry point, command and working directory', async () => {
    const outcome = await bench.invoke(specOf({ ...(await deployed(LOCAL)), entryPoint: ['runtime'], command: ['a', 'b c', '$HOME'], workingDirectory: '/data' }), {});
    expect(answerOf(outcome)).toMatchObject({ cwd: '/data', args: ['runtime', 'a', 'b c', '$HOME'] });
  });

  it.each([
    [{ entryPoint: ['/missing'] }, 'Runtime.InvalidEntrypoint', 'fork/exec /missing: no such file or directory'],
    [{ entryPoint: ['missing'] }, 'Runtime.InvalidEntrypoint', 'exec: "missing": executable file not found in $PATH'],
    [{ entryPoint: ['/text'] }, 'Runtime.InvalidEntrypoint', 'fork/exec /text: permission denied'],
    [{ entryPoint: ['/unknown'] }, 'Runtime.InvalidEntrypoint', 'fork/exec /unknown: exec format error'],
    [{ workingDirectory: '/nowhere' }, 'Runtime.InvalidWorkingDir', 'chdir /nowhere: no such file or directory'],
    [{ entryPoint: ['/runtime', 'exit'] }, 'Runtime.ExitError', 'Runtime exited with error: exit status 3'],
  ])('that cannot start with %j says why', async (configuration, errorType, message) => {
    const outcome = await bench.invoke(specOf({ ...(await deployed(LOCAL)), ...configuration }), {});
    expect(outcome).toMatchObject({ status: 'error', errorType });
    expect(answerOf(outcome)).toEqual({ errorType, errorMessage: expect.stringMatching(/^RequestId: [0-9a-f-]{36} Error: /) });
    expect(answerOf(outcome).errorMessage.split(' Error: ')[1]).toBe(message);
  });

  it('that never asks for an event is given up after the init limit and the timeout of the function', async () => {
    const outcome = await bench.invoke(specOf({ ...(await deployed(LOCAL)), entryPoint: ['/runtime', 'idle'] }, { timeoutSeconds: 1 }), {});
    expect(outcome).toMatchObject({ status: 'timeout' });
    expect(answerOf(outcome).errorMessage).toMatch(/Task timed out after 1\.00 seconds$/);
    expect(bench.lines).toContainEqual(expect.stringMatching(/^INIT_REPORT Init Duration: \S+ ms\tPhase: init\tStatus: timeout/));
  });

  it('is named by its id, whatever its name is given to later', async () => {
    const name = `hearth-test-img/${run}-moving:v1`;
    made.add(name);
    await importImage(root, name, ['ENTRYPOINT ["/runtime", "first"]']);
    const first = await deployed(name);
    expect(first).toEqual({ uri: name, digest: (await docker.getImage(name).inspect()).Id.replace('sha256:', ''), local: true });
    await importImage(root, name, ['ENTRYPOINT ["/runtime", "second"]']);
    expect(answerOf(await bench.invoke(specOf(first), {})).args).toEqual(['/runtime', 'first']);
    expect(answerOf(await bench.invoke(specOf(await deployed(name)), {})).args).toEqual(['/runtime', 'second']);
  });
});

describe('a container image in a registry', () => {
  it('is fetched with the credentials of the file and stays the same when the tag moves', async () => {
    const uri = `${registry.host}/team/app:v1`;
    const digest = registry.push('team/app', 'v1', root, { Entrypoint: ['/runtime', 'first'] });
    const pinned = await images.locateImage(uri);
    expect(pinned).toEqual({ uri, digest, local: false });
    registry.push('team/app', 'v1', root, { Entrypoint: ['/runtime', 'second'] });
    await images.fetchImage(pinned, architecture);
    made.add(`hearth-function-image:${digest}`);
    expect(answerOf(await bench.invoke(specOf(pinned), {})).args).toEqual(['/runtime', 'first']);
    const moved = await deployed(uri);
    expect(moved.digest).not.toBe(digest);
    expect(answerOf(await bench.invoke(specOf(moved), {})).args).toEqual(['/runtime', 'second']);
  });

  it('is fetched when an invocation finds it gone from the host', async () => {
    const digest = registry.push('team/app', 'lost', root, { Entrypoint: ['/runtime', 'lost'] });
    const pinned = { uri: `${registry.host}/team/app:lost`, digest, local: false };
    made.add(`hearth-function-image:${digest}`);
    expect(answerOf(await bench.invoke(specOf(pinned), {})).args).toEqual(['/runtime', 'lost']);
  });

  it('may take the place of one in ECR', async () => {
    const uri = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:v1';
    const digest = registry.push('ecr/app', 'v1', root, { Entrypoint: ['/runtime', 'mapped'] });
    const pinned = await deployed(uri);
    expect(pinned).toEqual({ uri, digest, local: false });
    expect(answerOf(await bench.invoke(specOf(pinned), {})).args).toEqual(['/runtime', 'mapped']);
  });

  it.each([
    ['ImageDeleted', () => `${registry.host}/team/app:never`, 'does not exist'],
    ['ImageDeleted', () => `${registry.host}/team/app@sha256:${'0'.repeat(64)}`, 'does not exist'],
    ['InvalidImage', () => 'Not An Image', 'is not valid'],
  ])('that cannot be had is %s', async (code, uri, words) => {
    await expect(images.locateImage(uri())).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });

  it('without the right credentials is ImageAccessDenied', async () => {
    registry.push('team/app', 'v9', root, {});
    const strangers = new EngineImages({ docker, launcherPath: imageLauncher(catalogue.assets), report: () => undefined });
    await expect(strangers.locateImage(`${registry.host}/team/app:v9`)).rejects.toMatchObject({ code: 'ImageAccessDenied' });
  });

  it('for another architecture, or with a volume where the platform has its own, is InvalidImage', async () => {
    const [own, other] = architecture === 'arm64' ? (['arm64', 'amd64'] as const) : (['amd64', 'arm64'] as const);
    registry.push('team/app', 'other', root, { Entrypoint: ['/runtime'] }, other);
    registry.push('team/app', 'volume', root, { Entrypoint: ['/runtime'], Volumes: { '/run/hearth/../hearth': {} } }, own);
    for (const [tag, words] of [['other', `is made for linux/${other === 'arm64' ? 'arm64' : 'x86_64'}`], ['volume', 'declares a volume']] as const) {
      await expect(deployed(`${registry.host}/team/app:${tag}`)).rejects.toMatchObject({ code: 'InvalidImage', message: expect.stringContaining(words) });
    }
  });

  it('that is larger than allowed is not downloaded to its end', async () => {
    registry.pushEndless('team/app', 'huge', 20_000_000_000);
    await expect(deployed(`${registry.host}/team/app:huge`)).rejects.toMatchObject({ code: 'InvalidImage', message: expect.stringContaining('even packed') });
  });

  it('is not deployed to a worker without the launcher', async () => {
    const incomplete = new EngineImages({ docker, launcherPath: join(folder, 'none'), report: () => undefined });
    await expect(incomplete.locateImage(LOCAL)).rejects.toThrow('run infra/runtimes/image-launcher/build.sh');
  });

  it('that is on no host says so', async () => {
    await expect(images.fetchImage({ uri: 'app:v1', digest: '1'.repeat(64), local: true }, architecture)).rejects.toMatchObject({ code: 'ImageDeleted', message: expect.stringContaining('not on every host') });
  });
});

it('the process driver refuses container images', async () => {
  const processes = await Bench.open((place) => new ProcessDriver({ ...place, catalogue }));
  try {
    await expect(processes.invoke(specOf({ uri: 'app', digest: '1'.repeat(64), local: true }), {})).rejects.toMatchObject({ code: 'InvalidParameterValueException', message: expect.stringContaining('is a container image') });
  } finally {
    await processes.close();
  }
});
