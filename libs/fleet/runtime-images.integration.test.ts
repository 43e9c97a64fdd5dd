/** Images of runtimes on first use, with a real registry (Postgres) and a real engine. */
import { randomUUID } from 'node:crypto';
import { createTestDatabase, Database } from '@hearth/database';
import { OperatorError } from '@hearth/kernel';
import { RuntimeCatalogue, RuntimeImages } from '@hearth/sandbox';
import Docker from 'dockerode';
import { ensureImage, ImageUnavailable } from './runtime-images/ensure-image.js';
import { ImageRegistry, type WorkerImage } from './runtime-images/image-registry.js';
import { ImageWorker } from './runtime-images/image-worker.js';

const docker = new Docker();
const assets = RuntimeCatalogue.load().assets;
const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

describe('the image of a runtime', () => {
  let drop: () => Promise<void>;
  let database: Database;
  let registry: ImageRegistry;
  const workers: ImageWorker[] = [];
  const made: string[] = [];
  beforeAll(async () => {
    const created = await createTestDatabase();
    drop = () => created.drop();
    database = new Database({ url: created.url });
    registry = new ImageRegistry(database);
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.stop();
    for (const image of made.splice(0)) await docker.getImage(image).remove({ force: true });
    await database.pool.query('DELETE FROM runtime_workers');
  });
  afterAll(async () => {
    await database.close();
    await drop();
  });

  /** A catalogue of one runtime, `custom`, with an image that is nowhere yet. */
  function catalogueOf(buildable: boolean): { catalogue: RuntimeCatalogue; image: string } {
    const image = `127.0.0.1:1/hearth-test-${randomUUID().slice(0, 8)}:latest`;
    const catalogue = RuntimeCatalogue.of({ custom: { image, channel: 'http', ...(buildable ? { build: { family: 'provided' } } : {}) } }, 'test', assets);
    return { catalogue, image };
  }

  /** "Builds" by giving another name to an image of an empty file system. */
  async function makeImage(image: string): Promise<void> {
    const emptyTar = Buffer.alloc(1_024);
    const [repo, tag] = [image.slice(0, image.lastIndexOf(':')), 'latest'];
    const stream = await docker.importImage(emptyTar as unknown as string, { repo, tag });
    await new Promise<void>((resolve, reject) => docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())));
    made.push(image);
  }

  async function startWorker(catalogue: RuntimeCatalogue, build: (runtime: string, onProgress: (line: string) => void, signal: AbortSignal) => Promise<void>, workerId = 'one'): Promise<ImageWorker> {
    const worker = new ImageWorker({ registry, images: new RuntimeImages({ docker, catalogue, build }), runtimes: catalogue.all(), workerId, logger: quiet, beatMs: 20 });
    await worker.start();
    workers.push(worker);
    return worker;
  }

  const never = new AbortController().signal;

  it('is built when it is needed first, by one build however many wait, with its progress for all to see', async () => {
    const { catalogue, image } = catalogueOf(true);
    let builds = 0;
    let seen: () => void = () => undefined;
    const progressSeen = new Promise<void>((resolve) => (seen = resolve));
    await startWorker(catalogue, async (_runtime, onProgress) => {
      builds++;
      onProgress('step 1 of 2');
      await progressSeen;
      await makeImage(image);
    });
    expect((await registry.list()).map(({ state }) => state)).toEqual(['missing']);
    const look = (images: readonly WorkerImage[]): void => {
      if (images.some(({ state, detail }) => state === 'building' && detail === 'step 1 of 2')) seen();
    };
    await Promise.all([ensureImage(registry, 'custom', never, look), ensureImage(registry, 'custom', never), ensureImage(registry, 'custom', never)]);
    expect(builds).toBe(1);
    expect(await registry.list()).toEqual([expect.objectContaining({ runtime: 'custom', image, state: 'present', detail: '', requested: false })]);
  });

  it('is reported as unavailable with the reason, and tried again for the next who asks', async () => {
    const { catalogue, image } = catalogueOf(true);
    let works = false;
    await startWorker(catalogue, async () => {
      if (!works) throw new OperatorError('No disk.', 'Buy one.');
      await makeImage(image);
    });
    await expect(ensureImage(registry, 'custom', never)).rejects.toEqual(new ImageUnavailable('No disk. Buy one.'));
    works = true;
    await ensureImage(registry, 'custom', never);
  });

  it('is pulled where there is no recipe; a registry that does not answer is the reason', async () => {
    const { catalogue, image } = catalogueOf(false);
    await startWorker(catalogue, () => Promise.reject(new Error('not to be built')));
    await expect(ensureImage(registry, 'custom', never)).rejects.toThrow(new RegExp(`^The image ${image} of custom cannot be pulled: .*refused`));
  });

  it('is enough on one worker', async () => {
    const { catalogue, image } = catalogueOf(true);
    await startWorker(catalogue, () => Promise.reject(new OperatorError('No tools.', 'Install them.')), 'unable');
    await startWorker(catalogue, () => makeImage(image), 'able');
    await ensureImage(registry, 'custom', never);
    expect((await registry.list()).map(({ workerId, state }) => [workerId, state])).toContainEqual(['able', 'present']);
  });

  it('is not waited for without a worker', async () => {
    await ensureImage(registry, 'custom', never);
  });

  it('that somebody removed is missing again, and had for the next who asks', async () => {
    const { catalogue, image } = catalogueOf(true);
    const worker = new ImageWorker({ registry, images: new RuntimeImages({ docker, catalogue, build: () => makeImage(image) }), runtimes: catalogue.all(), workerId: 'one', logger: quiet, beatMs: 20, lookMs: 50 });
    await worker.start();
    workers.push(worker);
    await ensureImage(registry, 'custom', never);
    await docker.getImage(image).remove();
    made.pop();
    const deadline = Date.now() + 10_000;
    while ((await registry.list())[0]?.state !== 'missing') expect(Date.now()).toBeLessThan(deadline);
    expect(worker.missing()).toEqual(['custom']);
    await ensureImage(registry, 'custom', never);
    expect(worker.missing()).toEqual([]);
  });

  it('is obtained by the next life of a worker that ended in the middle', async () => {
    const { catalogue, image } = catalogueOf(true);
    const first = await startWorker(catalogue, (_runtime, onProgress, signal) => {
      onProgress('begun');
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
    });
    let building: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => (building = resolve));
    const waiting = ensureImage(registry, 'custom', never, (images) => images.some(({ state }) => state === 'building') && building());
    await begun;
    workers.splice(workers.indexOf(first), 1);
    await first.stop();
    await startWorker(catalogue, () => makeImage(image));
    await waiting;
  });
});
