import { randomBytes, randomUUID } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CodeObjects, DiskPackageStore, UploadStore } from '@hearth/artifacts';
import { createCatalogue, type Catalogue } from '@hearth/catalogue';
import { loadSettings } from '@hearth/config';
import { createTestDatabase, Database } from '@hearth/database';
import { RemoteFleet, startWorker } from '@hearth/fleet';
import { SecretBox } from '@hearth/iam';
import { createInvocation, type RunningScheduler } from '@hearth/invocation';
import { systemClock } from '@hearth/kernel';
import { QueueConnection, type Logger } from '@hearth/queue';
import { ProcessDriver, RuntimeCatalogue, SandboxPool } from '@hearth/sandbox';
import { zipOf } from './testing/in-process-platform.js';

const CONTEXT = { accountId: '123456789012', region: 'us-east-1', principalArn: 'arn:aws:iam::123456789012:root', requestId: 'r', baseUrl: '' };
const quiet: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** Several hosts: real workers and schedulers, each with a Redis connection of its own, in one process. */
describe('provisioned concurrency on several hosts', () => {
  const closing: (() => Promise<unknown> | void)[] = [];
  let root: string;
  let database: Database;
  let packages: DiskPackageStore;
  let catalogue: Catalogue;
  const prefix = `prov-${randomUUID().slice(0, 8)}`;
  const settings = loadSettings({ HEARTH_FLEET_SECRET: 'a secret for tests only', HEARTH_WORKER_PORT: '0', HEARTH_SANDBOX_MAX: '6' });

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'hearth-hosts-'));
    await chmod(root, 0o755); // Functions run under other users.
    const testDatabase = await createTestDatabase();
    database = new Database({ url: testDatabase.url });
    packages = new DiskPackageStore({ root: join(root, 'packages') });
    catalogue = createCatalogue({ database, packages, objects: new CodeObjects(new UploadStore(database), undefined), secrets: new SecretBox(randomBytes(32)), knownRuntimes: () => ['nodejs22.x'], codeLink: () => '' });
    closing.push(
      () => rm(root, { recursive: true, force: true }),
      () => testDatabase.drop(),
      () => database.close(),
      () => catalogue.close(),
    );
    const ZipFile = await zipOf({ 'index.mjs': `export const handler = async () => process.env.AWS_LAMBDA_INITIALIZATION_TYPE;` });
    await call('CreateFunction', { FunctionName: 'f', Runtime: 'nodejs22.x', Handler: 'index.handler', Role: 'arn:aws:iam::123456789012:role/app', Code: { ZipFile }, Publish: true });
    await until('the function is active', async () => (await call('GetFunctionConfiguration', { FunctionName: 'f', Qualifier: '1' })).State === 'Active');
  }, 60_000);
  afterAll(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  }, 60_000);

  const call = (operation: string, input: Record<string, unknown>): Promise<any> => catalogue.operations[operation]!(input, CONTEXT);
  const status = () => call('GetProvisionedConcurrencyConfig', { FunctionName: 'f', Qualifier: '1' });
  const ready = (pool: SandboxPool) => pool.provisionReport().held.reduce((sum, held) => sum + held.ready, 0);

  async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error(`Not within 30 s: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async function connect(): Promise<QueueConnection> {
    const connection = new QueueConnection({ url: process.env.HEARTH_TEST_REDIS_URL as string, prefix, logger: quiet });
    closing.push(() => connection.close());
    await connection.check();
    return connection;
  }

  async function worker(name: string): Promise<{ pool: SandboxPool; stop(): Promise<void> }> {
    await mkdir(join(root, name), { mode: 0o755 });
    const pool = new SandboxPool({
      driver: new ProcessDriver({ catalogue: RuntimeCatalogue.load(), stateDirectory: join(root, name), incarnation: name, report: () => undefined }),
      codeDirectory: (digest) => packages.directory(digest),
      layersDirectory: (digests) => packages.layers(digests),
      logSink: { write: () => undefined },
      limits: { maxSandboxes: 6, maxStarts: 2, memoryMb: 2_048, idleMs: 60_000, queueMs: 20_000 },
      report: () => undefined,
    });
    await pool.start();
    const running = await startWorker({ pool, queue: await connect(), settings, logger: quiet });
    const stop = async (): Promise<void> => {
      await running.stop(0);
      await pool.stop();
    };
    closing.push(stop);
    return { pool, stop };
  }

  async function scheduler(): Promise<{ fleet: RemoteFleet; running: RunningScheduler }> {
    const connection = await connect();
    const fleet = new RemoteFleet({ queue: connection, secret: settings.HEARTH_FLEET_SECRET, logger: quiet });
    await fleet.start();
    closing.push(() => fleet.stop());
    const provisioned = { configs: catalogue.provisioned, provisioner: fleet, intervalMs: 100 };
    const running = await createInvocation({ database, resolver: catalogue.resolver, fleet, queue: connection, settings, clock: systemClock, logger: quiet, provisioned }).startScheduler();
    closing.push(() => running.stop(0));
    return { fleet, running };
  }

  it('is spread, made up for when a host is lost, taken back when there is too much, and goes on with any scheduler', async () => {
    const one = await worker('one');
    const two = await worker('two');
    const first = await scheduler();
    const second = await scheduler();
    await call('PutProvisionedConcurrencyConfig', { FunctionName: 'f', Qualifier: '1', ProvisionedConcurrentExecutions: 4 });
    await until('all are ready', async () => (await status()).Status === 'READY');
    expect([ready(one.pool), ready(two.pool)]).toEqual([2, 2]);

    await two.stop();
    await until('the loss is noticed', async () => (await status()).AvailableProvisionedConcurrentExecutions < 4 || ready(one.pool) === 4);
    await until('the other host makes up for it', async () => ready(one.pool) === 4);
    await until('that is noted', async () => (await status()).Status === 'READY');

    await first.running.stop(0);
    const three = await worker('three');
    await call('PutProvisionedConcurrencyConfig', { FunctionName: 'f', Qualifier: '1', ProvisionedConcurrentExecutions: 6 });
    await until('all are ready', async () => (await status()).Status === 'READY' && (await status()).AvailableProvisionedConcurrentExecutions === 6);
    expect([ready(one.pool), ready(three.pool)]).toEqual([4, 2]);

    await second.running.stop(0);
    expect(ready(one.pool)).toBe(4);
    await scheduler();
    await call('DeleteProvisionedConcurrencyConfig', { FunctionName: 'f', Qualifier: '1' });
    await until('nothing is held', async () => ready(one.pool) + ready(three.pool) === 0);
  }, 120_000);
});
