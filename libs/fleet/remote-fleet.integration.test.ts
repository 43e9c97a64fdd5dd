import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { loadSettings } from '@hearth/config';
import { InfrastructureError, ServiceError, Throttled } from '@hearth/kernel';
import { QueueConnection, startTestRedis, type Logger, type TestRedis } from '@hearth/queue';
import { imageFault, type ImageHost, type InvocationOutcome, type InvocationRequest, type PinnedImage, type ProvisionOrder, type ProvisionReport } from '@hearth/sandbox';
import { RemoteFleet, startWorker, type InvocationRunner, type RunningWorker } from './index.js';

const SECRET = 'a secret for tests only';

/** A pool of JavaScript functions: `behaviour` decides, and each call is remembered. */
class TestPool implements InvocationRunner {
  readonly calls: InvocationRequest[] = [];
  aborted = 0;
  orders: readonly ProvisionOrder[] = [];

  constructor(
    readonly name: string,
    private readonly behaviour: (request: InvocationRequest, signal?: AbortSignal) => Promise<void> = () => Promise.resolve(),
  ) {}

  provision(orders: readonly ProvisionOrder[]): void {
    this.orders = orders;
  }

  provisionReport(): ProvisionReport {
    return { maxSandboxes: 10, memoryMb: 4_096, held: this.orders.map(({ key, count }) => ({ key, count, ready: count, starting: 0 })) };
  }

  async invoke(request: InvocationRequest, signal?: AbortSignal): Promise<InvocationOutcome> {
    this.calls.push(request);
    signal?.addEventListener('abort', () => this.aborted++);
    await this.behaviour(request, signal);
    return { status: 'success', payload: request.payload, logTail: Buffer.from(`from ${this.name}`), coldStart: true, durationMs: 1.5, billedDurationMs: 2, maxMemoryUsedMb: 30, phases: { init: [1, 2] } };
  }
}

/** An engine that has some images and can get none. */
class TestImages implements ImageHost {
  readonly fetched: PinnedImage[] = [];

  constructor(private readonly known: Record<string, string>) {}

  async locateImage(uri: string): Promise<PinnedImage> {
    const digest = this.known[uri];
    if (digest === undefined) throw imageFault('ImageDeleted', `Source image ${uri} does not exist. Provide a valid source image.`);
    return { uri, digest, local: true };
  }

  async fetchImage(image: PinnedImage): Promise<void> {
    if (this.known[image.uri] === undefined) throw imageFault('ImageDeleted', `${image.uri} is not on this host`);
    this.fetched.push(image);
  }
}

function request(functionName: string, payload: Uint8Array = Buffer.from('{}')): InvocationRequest {
  return {
    requestId: randomUUID(),
    payload,
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${functionName}`,
    traceHeader: 'Root=1-0-0',
    spec: {
      accountId: '000000000000',
      region: 'us-east-1',
      functionName,
      version: '$LATEST',
      sandboxKey: `000000000000/${functionName}/$LATEST/r`,
      runtime: 'nodejs22.x',
      handler: 'index.handler',
      role: 'arn:aws:iam::000000000000:role/test',
      memoryMb: 128,
      timeoutSeconds: 3,
      ephemeralStorageMb: 512,
      architecture: 'x86_64',
      environment: { UMLAUT: 'ä' },
      codeDigest: '00',
      logFormat: 'Text',
      logGroup: '/aws/lambda/f',
    },
  };
}

describe('invocations over the network', () => {
  let redis: TestRedis;
  const closing: (() => Promise<unknown> | void)[] = [];
  const log: string[] = [];
  const logger: Logger = { debug: () => undefined, info: () => undefined, warn: (_fields, message) => void log.push(message), error: (_fields, message) => void log.push(message) };

  beforeEach(async () => {
    redis = await startTestRedis();
    log.length = 0;
  });

  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await redis.stop();
  });

  async function connect(): Promise<QueueConnection> {
    const queue = new QueueConnection({ url: redis.url, prefix: 'test', logger });
    closing.push(() => queue.close());
    await queue.check();
    return queue;
  }

  async function worker(pool: InvocationRunner, secret = SECRET, images?: ImageHost, missingRuntimes: string[] = []): Promise<RunningWorker> {
    const running = await startWorker({ pool, images, missingRuntimes: () => missingRuntimes, queue: await connect(), settings: loadSettings({ HEARTH_FLEET_SECRET: secret, HEARTH_WORKER_PORT: '0', HEARTH_SANDBOX_MAX: '10' }), logger });
    closing.push(() => running.stop(0));
    return running;
  }

  async function fleet(workerUrls: string[] = [], workerWaitMs?: number): Promise<RemoteFleet> {
    const remote = new RemoteFleet({ queue: await connect(), secret: SECRET, workerUrls, workerWaitMs, logger });
    closing.push(() => remote.stop());
    await remote.start();
    return remote;
  }

  async function until(what: string, condition: () => boolean): Promise<void> {
    const deadline = performance.now() + 15_000;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
      await pause(10);
    }
  }

  it('arrive with everything and come back with everything, byte for byte', async () => {
    const pool = new TestPool('one');
    await worker(pool);
    const payload = Buffer.from([0, 255, 10, 13, ...Buffer.from('{"a":"ä"}')]);
    const sent = { ...request('f', payload), clientContext: '{"custom":{}}' };
    const outcome = await (await fleet()).invoke(sent);
    expect({ ...outcome, payload: [...outcome.payload], logTail: Buffer.from(outcome.logTail).toString() }).toEqual({
      status: 'success', payload: [...payload], logTail: 'from one', coldStart: true, durationMs: 1.5, billedDurationMs: 2, maxMemoryUsedMb: 30, phases: { init: [1, 2] },
    });
    expect({ ...pool.calls[0], payload: undefined }).toEqual({ ...sent, payload: undefined });
  });

  it('of container images find and fetch them through the workers, and every worker has to have them', async () => {
    const [first, second] = [new TestImages({ both: 'b0' }), new TestImages({ both: 'b0', second: 'c0' })];
    await worker(new TestPool('one'), SECRET, first);
    await worker(new TestPool('two'), SECRET, second);
    const remote = await fleet();
    expect(await remote.locateImage('second')).toEqual({ uri: 'second', digest: 'c0', local: true });
    await expect(remote.locateImage('neither')).rejects.toMatchObject({ code: 'ImageDeleted', message: 'Source image neither does not exist. Provide a valid source image.' });
    const both = await remote.locateImage('both');
    await remote.fetchImage(both, 'x86_64');
    expect([first.fetched, second.fetched]).toEqual([[both], [both]]);
    await expect(remote.fetchImage({ uri: 'second', digest: 'c0', local: true }, 'x86_64')).rejects.toMatchObject({ code: 'ImageDeleted', message: 'second is not on this host' });
  });

  it('of container images fail as the platform where no worker has an engine', async () => {
    await worker(new TestPool('one'));
    const remote = await fleet();
    await expect(remote.locateImage('any')).rejects.toThrow(InfrastructureError);
    await expect(remote.fetchImage({ uri: 'any', digest: 'a0', local: false }, 'x86_64')).rejects.toThrow(InfrastructureError);
  });

  it('stream their response while they run, no faster than it is taken', async () => {
    let told = (): void => undefined;
    const heard = new Promise<void>((resolve) => (told = resolve));
    let paused = 0;
    const pool = new TestPool('one', async ({ response }) => {
      response!.begin('text/plain; charset="ü"');
      await response!.write(Buffer.from('first'));
      await heard;
      for (let piece = 0; piece < 512; piece++) {
        const wait = response!.write(Buffer.alloc(65_536, piece % 256));
        if (wait !== undefined) paused += 1;
        await wait;
      }
    });
    await worker(pool);
    let type = '';
    let size = 0;
    const response = {
      begin: (contentType: string) => void (type = contentType),
      write: (bytes: Uint8Array) => {
        if (size === 0) expect(Buffer.from(bytes).toString()).toBe('first');
        size += bytes.length;
        told();
        return size % 7 === 0 ? pause(1) : undefined;
      },
    };
    const outcome = await (await fleet()).invoke({ ...request('f', Buffer.from('sent back')), response });
    expect([type, size]).toEqual(['text/plain; charset="ü"', 5 + 512 * 65_536]);
    expect(paused).toBeGreaterThan(0);
    expect(outcome).toMatchObject({ status: 'success', durationMs: 1.5, payload: Buffer.from('sent back'), logTail: Buffer.from('from one') });
  });

  it('whose stream is cut off are lost, and those that never begin one answer as ever', async () => {
    const pool = new TestPool('one', ({ response, payload }) => {
      if (Buffer.from(payload).toString() !== 'cut') return Promise.resolve();
      response!.begin('text/plain');
      void response!.write(Buffer.from('half'));
      return Promise.reject(new InfrastructureError('as asked'));
    });
    await worker(pool);
    const remote = await fleet();
    const response = { begin: () => undefined, write: () => undefined };
    await expect(remote.invoke({ ...request('f', Buffer.from('cut')), response })).rejects.toThrow(InfrastructureError);
    expect(await remote.invoke({ ...request('f', Buffer.from('whole')), response })).toMatchObject({ payload: Buffer.from('whole') });
    await expect(remote.invoke({ ...request('f', Buffer.from('{}')), response })).resolves.toMatchObject({ status: 'success' });
  });

  it('of 6 MB are carried', async () => {
    await worker(new TestPool('one'));
    const payload = Buffer.alloc(6_291_456, 'x');
    expect(Buffer.from((await (await fleet()).invoke(request('f', payload))).payload).equals(payload)).toBe(true);
  });

  it('stay on the worker with the warm sandbox, and spread when it is busy', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const pools = [new TestPool('a', ({ requestId }) => (requestId === 'hold' ? gate : Promise.resolve())), new TestPool('b', ({ requestId }) => (requestId === 'hold' ? gate : Promise.resolve()))];
    for (const pool of pools) await worker(pool);
    const remote = await fleet();
    for (let index = 0; index < 20; index++) await remote.invoke(request('f'));
    expect(pools.map((pool) => pool.calls.length).sort((a, b) => a - b)).toEqual([0, 20]);
    const held = Array.from({ length: 15 }, () => remote.invoke({ ...request('f'), requestId: 'hold' }));
    await until('all run', () => pools[0]!.calls.length + pools[1]!.calls.length === 35);
    expect(pools.map((pool) => pool.calls.length).sort((a, b) => a - b)[0]).toBeGreaterThanOrEqual(5); // Capacity is 10 each.
    release();
    await Promise.all(held);
  });

  it('go where the image of their runtime is, and elsewhere only if it is nowhere', async () => {
    const pools = [new TestPool('with'), new TestPool('without')];
    await worker(pools[1]!, SECRET, undefined, ['nodejs22.x', 'java21']);
    await worker(pools[0]!, SECRET, undefined, ['java21']);
    const remote = await fleet();
    for (let index = 0; index < 10; index++) await remote.invoke(request(`f${index}`));
    expect(pools.map((pool) => pool.calls.length)).toEqual([10, 0]);
    const java = request('j');
    await remote.invoke({ ...java, spec: { ...java.spec, runtime: 'java21' } });
    expect(pools[0]!.calls.length + pools[1]!.calls.length).toBe(11);
  });

  it('pass on the worker’s errors as what they are', async () => {
    const faults = [new ServiceError('TooManyRequestsException', 429, 'Rate Exceeded.', { members: { Reason: 'x' }, headers: { 'Retry-After': '1' } }), new InfrastructureError('engine down'), new TypeError('defect')];
    await worker(new TestPool('one', () => Promise.reject(faults.shift() as Error)));
    const remote = await fleet();
    await expect(remote.invoke(request('f'))).rejects.toMatchObject({ name: 'ServiceError', code: 'TooManyRequestsException', status: 429, options: { members: { Reason: 'x' }, headers: { 'Retry-After': '1' } } });
    await expect(remote.invoke(request('f'))).rejects.toMatchObject({ name: 'InfrastructureError', message: expect.stringContaining('engine down') as string });
    await expect(remote.invoke(request('f'))).rejects.toMatchObject({ name: 'InfrastructureError' });
  });

  it('are refused without the right secret, and nothing runs', async () => {
    const pool = new TestPool('one');
    const { url } = await worker(pool, 'another secret of ours');
    await expect((await fleet()).invoke(request('f'))).rejects.toMatchObject({ name: 'InfrastructureError', message: expect.stringContaining('HEARTH_FLEET_SECRET differs') as string });
    expect((await fetch(`${url}/invoke`, { method: 'POST', body: 'x' })).status).toBe(401);
    expect((await fetch(`${url}/other`)).status).toBe(404);
    expect(pool.calls).toHaveLength(0);
  });

  it('go to another worker when one cannot be reached', async () => {
    const pool = new TestPool('alive');
    await worker(pool);
    const remote = await fleet(['http://127.0.0.1:1', 'http://127.0.0.1:2']);
    for (let index = 0; index < 10; index++) await remote.invoke(request(`f${index}`));
    expect(pool.calls).toHaveLength(10);
  });

  it('go to one other worker when one has no room, and are throttled when that has none either', async () => {
    const full = () => Promise.reject(new Throttled('ConcurrentInvocationLimitExceeded'));
    const pools = [new TestPool('a', full), new TestPool('b', full), new TestPool('c', full)];
    for (const pool of pools) await worker(pool);
    const remote = await fleet();
    await expect(remote.invoke(request('f'))).rejects.toMatchObject({ code: 'TooManyRequestsException', options: { members: { Reason: 'ConcurrentInvocationLimitExceeded' }, headers: { 'Retry-After': '1' } } });
    expect(pools.map((pool) => pool.calls.length).sort()).toEqual([0, 1, 1]);
  });

  it('are not given to another worker when their function grows too fast', async () => {
    const pools = ['a', 'b'].map((name) => new TestPool(name, () => Promise.reject(new Throttled('FunctionInvocationRateLimitExceeded', 3))));
    for (const pool of pools) await worker(pool);
    await expect((await fleet()).invoke(request('f'))).rejects.toMatchObject({ options: { members: { Reason: 'FunctionInvocationRateLimitExceeded' }, headers: { 'Retry-After': '3' } } });
    expect(pools.map((pool) => pool.calls.length).sort()).toEqual([0, 1]);
  });

  it('are not given to another worker when one dies while the function runs', async () => {
    const running: RunningWorker[] = [];
    const pools = ['a', 'b'].map((name) => new TestPool(name, () => new Promise(() => undefined)));
    for (const pool of pools) running.push(await worker(pool));
    const remote = await fleet();
    const answer = expect(remote.invoke(request('f'))).rejects.toMatchObject({ name: 'InfrastructureError', message: expect.stringContaining('broke') as string });
    await until('it runs', () => pools.some((pool) => pool.calls.length > 0));
    await running[pools[0]!.calls.length > 0 ? 0 : 1]!.stop(0);
    await answer;
    expect(pools[0]!.calls.length + pools[1]!.calls.length).toBe(1);
  });

  it('end when the worker’s process is stopped for good, although its connection stays open', async () => {
    // A listener in a process that accepts and then hangs: what a host without power looks like.
    const code = "require('net').createServer(() => undefined).listen(0, '127.0.0.1', function () { console.log(this.address().port) })";
    const host = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    closing.push(() => void host.kill('SIGKILL'));
    const [line] = (await once(host.stdout, 'data')) as [Buffer];
    const queue = await connect();
    const { announce } = await import('./worker-directory.js');
    await announce(queue, { id: 'w', url: `http://127.0.0.1:${line.toString().trim()}`, capacity: 1, running: 0, warmKeys: [] }, 1_500);
    await worker(new TestPool('other')); // So that the list is not empty when the lease ends.
    const remote = await fleet();
    const invocations = Array.from({ length: 8 }, (_, index) => remote.invoke(request(`f${index}`)).then(() => 'ok', (error: Error) => error.name));
    expect(new Set(await Promise.all(invocations))).toEqual(new Set(['ok', 'InfrastructureError']));
  });

  it('finish on a draining worker, while new ones go elsewhere', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const draining = new TestPool('draining', () => gate);
    const first = await worker(draining);
    const remote = await fleet([first.url]); // Named as well: known even after it signed off.
    const held = remote.invoke(request('f'));
    await until('it runs', () => draining.calls.length === 1);
    const stopped = first.stop(10_000);
    const fresh = new TestPool('fresh');
    await worker(fresh);
    const other = await fleet([first.url]);
    for (let index = 0; index < 6; index++) await other.invoke(request(`g${index}`));
    expect(fresh.calls).toHaveLength(6);
    release();
    expect(Buffer.from((await held).logTail).toString()).toBe('from draining');
    await stopped;
    expect(draining.calls).toHaveLength(1);
  });

  it('are aborted in the worker when the caller aborts', async () => {
    const pool = new TestPool('one', (_request, signal) => new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new InfrastructureError('aborted')))));
    await worker(pool);
    const abort = new AbortController();
    const answer = expect((await fleet()).invoke(request('f'), abort.signal)).rejects.toMatchObject({ name: 'InfrastructureError' });
    await until('it runs', () => pool.calls.length === 1);
    abort.abort();
    await answer;
    await until('the worker noticed', () => pool.aborted === 1);
  });

  it('go on while Redis is away or was wiped', async () => {
    const pool = new TestPool('one');
    await worker(pool);
    const remote = await fleet();
    const wiper = await connect();
    await wiper.redis.flushall();
    await remote.invoke(request('f'));
    await redis.kill();
    await remote.invoke(request('f'));
    expect(pool.calls).toHaveLength(2);
  });

  it('wait for a worker that is just starting', async () => {
    const remote = await fleet();
    const answer = remote.invoke(request('f'));
    const pool = new TestPool('late');
    await worker(pool);
    await answer;
    expect(pool.calls).toHaveLength(1);
  });

  it('find no worker when none comes, and say so', async () => {
    await expect((await fleet([], 300)).invoke(request('f'))).rejects.toMatchObject({ name: 'InfrastructureError', message: 'no worker is registered' });
  });

  it('need a secret at the start', async () => {
    const queue = await connect();
    expect(() => new RemoteFleet({ queue, secret: undefined, logger })).toThrow('HEARTH_FLEET_SECRET is not set.');
    await expect(startWorker({ pool: new TestPool('x'), queue, settings: loadSettings({ HEARTH_WORKER_PORT: '0' }), logger })).rejects.toThrow('HEARTH_FLEET_SECRET is not set.');
  });

  it('prefer the worker that holds provisioned sandboxes for them', async () => {
    const pools = ['one', 'two', 'three'].map((name) => new TestPool(name));
    for (const pool of pools) await worker(pool);
    const remote = await fleet();
    const hosts = await remote.hosts();
    expect(hosts.map(({ maxSandboxes, held }) => ({ maxSandboxes, held }))).toEqual(Array(3).fill({ maxSandboxes: 10, held: [] }));
    for (const { id } of hosts) {
      await remote.provision(id, [{ key: 'held', qualifier: 'live', spec: request('f').spec, count: 2 }]);
      const holder = pools.find(({ orders }) => orders.length > 0)!;
      expect(holder.orders).toMatchObject([{ key: 'held', count: 2, spec: { environment: { UMLAUT: 'ä' } } }]);
      expect((await remote.hosts()).find((host) => host.id === id)!.held).toEqual([{ key: 'held', count: 2, ready: 2, starting: 0 }]);
      // Control planes hear of it with the next heartbeat.
      const deadline = performance.now() + 15_000;
      for (let inRow = 0; inRow < 8; ) {
        if (performance.now() > deadline) throw new Error('the invocations never went there');
        const { logTail } = await remote.invoke({ ...request(`f${Math.random()}`), provisionedKey: 'held' });
        inRow = Buffer.from(logTail).toString() === `from ${holder.name}` ? inRow + 1 : 0;
      }
      await remote.provision(id, []);
    }
    await expect(remote.provision('gone', [])).rejects.toThrow(InfrastructureError);
  });
});
