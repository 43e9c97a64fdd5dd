import { randomUUID } from 'node:crypto';
import { InfrastructureError, ServiceError } from '@hearth/kernel';
import { listFailedEvents } from './failed-events.js';
import { FunctionFailure } from './testing/function-fleet.js';
import { command, redisUrl, TestPlatform, until } from './testing/test-platform.js';

const ACCOUNT = '000000000000';

describe('an accepted event', () => {
  let platform: TestPlatform;

  afterEach(() => platform.stop());

  async function accept(service: { invoke: (c: ReturnType<typeof command>) => Promise<unknown> }, functionName: string, overrides: Partial<ReturnType<typeof command>> = {}): Promise<string> {
    const requestId = randomUUID();
    expect(await service.invoke(command(functionName, { invocationType: 'Event', requestId, ...overrides }))).toMatchObject({ statusCode: 202 });
    return requestId;
  }

  const status = (id: string, wanted: string) => async (): Promise<boolean> => (await platform.event(id))?.status === wanted;

  it('runs once with the caller’s bytes and request id, without waiting for the reconciler', async () => {
    platform = await TestPlatform.start(redisUrl(), { HEARTH_RECONCILE_MS: '60000' });
    platform.fleet.define('f', () => 1);
    const process = platform.process();
    await platform.scheduler(process);
    await platform.connected();
    const first = await accept(process.service, 'f', { payload: Buffer.from('{"first": 1}') });
    await until('the first event succeeded', status(first, 'succeeded')); // Opens connections.
    const acceptedAt = performance.now();
    const id = await accept(process.service, 'f', { payload: Buffer.from('{"a" :  1}') });
    await until('it succeeded', status(id, 'succeeded'));
    const [execution] = platform.fleet.executions.filter((entry) => entry.requestId === id);
    expect(execution?.payload).toBe('{"a" :  1}');
    expect((execution?.at ?? Infinity) - acceptedAt).toBeLessThan(1_000);
    expect(await platform.event(id)).toMatchObject({ condition: 'Success', attempts: 1, function_errors: 0 });
  });

  it('is tried again twice after the delays when the function fails, then is kept as RetriesExhausted', async () => {
    platform = await TestPlatform.start(redisUrl(), { HEARTH_ASYNC_RETRY_DELAYS_MS: '300,600' });
    platform.fleet.define('f', () => {
      throw new FunctionFailure('always');
    });
    const process = platform.process();
    await platform.scheduler(process);
    const id = await accept(process.service, 'f', { payload: Buffer.from('{"doomed":true}') });
    await until('it failed', status(id, 'failed'));
    const times = platform.fleet.executions.map((execution) => execution.at);
    expect(times).toHaveLength(3);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(300);
    expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(600);
    const { events, nextMarker } = await listFailedEvents(platform.database, ACCOUNT, { functionName: 'f' });
    expect(nextMarker).toBeUndefined();
    expect(events).toMatchObject([{ requestId: id, condition: 'RetriesExhausted', errorType: 'Error', attempts: 3, functionErrors: 3, executedVersion: '$LATEST' }]);
    expect(events[0]?.payload.toString()).toBe('{"doomed":true}');
    expect(JSON.parse(events[0]?.response?.toString() ?? '')).toMatchObject({ errorMessage: 'always' });
  });

  it('is tried as often, and as long, as the event invoke config of its qualifier says', async () => {
    platform = await TestPlatform.start(redisUrl(), { HEARTH_ASYNC_RETRY_DELAYS_MS: '50' });
    const fail = () => {
      throw new FunctionFailure('always');
    };
    platform.fleet.define('never', fail, { asynchronous: { maximumRetryAttempts: 0 } });
    platform.fleet.define('twice', fail, { asynchronous: { maximumRetryAttempts: 2 } });
    const process = platform.process();
    const never = await accept(process.service, 'never');
    const twice = await accept(process.service, 'twice');
    platform.fleet.define('aged', fail, { asynchronous: { maximumEventAgeSeconds: 60 } });
    const aged = await accept(process.service, 'aged');
    const { rows } = await platform.database.pool.query('SELECT extract(epoch FROM expires_at - accepted_at)::int AS age FROM async_events WHERE id = ANY($1) ORDER BY 1', [[never, aged]]);
    expect(rows).toEqual([{ age: 60 }, { age: 21_600 }]);
    await platform.scheduler(process);
    await until('all failed', async () => (await platform.count('failed')) === 3);
    expect([platform.fleet.of(never), platform.fleet.of(twice)]).toEqual([1, 3]);
    expect(await platform.event(twice)).toMatchObject({ condition: 'RetriesExhausted', function_errors: 3 });
  });

  it('of a function whose reserved concurrency is 0 fails without an execution', async () => {
    platform = await TestPlatform.start(redisUrl());
    platform.fleet.define('off', () => 1, { concurrency: { reserved: 0, reservedInAccount: 0 } });
    const process = platform.process();
    await platform.scheduler(process);
    const id = await accept(process.service, 'off');
    await until('it failed', status(id, 'failed'));
    expect(await platform.event(id)).toMatchObject({ condition: 'ZeroReservedConcurrency', function_errors: 0 });
    expect(platform.fleet.of(id)).toBe(0);
  });

  it('waits one minute for its first retry by default', async () => {
    platform = await TestPlatform.start(redisUrl());
    platform.fleet.define('f', () => {
      throw new FunctionFailure('once');
    });
    const process = platform.process();
    await platform.scheduler(process);
    const id = await accept(process.service, 'f');
    await until('the first attempt was recorded', async () => (await platform.event(id))?.function_errors === 1);
    const row = await platform.event(id);
    expect(row?.status).toBe('queued');
    expect(row?.due_in_ms).toBeGreaterThan(55_000);
    expect(row?.due_in_ms).toBeLessThanOrEqual(60_000);
  });

  it('spends no retry on throttling and on failures of the platform', async () => {
    platform = await TestPlatform.start(redisUrl());
    const faults = [new ServiceError('TooManyRequestsException', 429, 'Rate Exceeded.'), new InfrastructureError('worker lost')];
    platform.fleet.define('f', () => {
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      return 'done';
    });
    const process = platform.process();
    await platform.scheduler(process);
    const id = await accept(process.service, 'f');
    await until('it succeeded', status(id, 'succeeded'));
    expect(await platform.event(id)).toMatchObject({ attempts: 3, function_errors: 0 });
    const times = platform.fleet.executions.map((execution) => execution.at);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(740);
    expect(times[2]! - times[1]!).toBeGreaterThanOrEqual(1_490);
  });

  it('is given up with EventAgeExceeded when its next attempt would come too late', async () => {
    platform = await TestPlatform.start(redisUrl(), { HEARTH_ASYNC_MAX_AGE_S: '1', HEARTH_ASYNC_RETRY_DELAYS_MS: '5000,5000' });
    platform.fleet.define('f', () => {
      throw new FunctionFailure('no');
    });
    const process = platform.process();
    await platform.scheduler(process);
    const id = await accept(process.service, 'f');
    await until('it failed', status(id, 'failed'));
    expect(await platform.event(id)).toMatchObject({ condition: 'EventAgeExceeded', attempts: 1, function_errors: 1 });
  });

  it('is not begun at all when it is already too old', async () => {
    platform = await TestPlatform.start(redisUrl(), { HEARTH_ASYNC_MAX_AGE_S: '1' });
    platform.fleet.define('f', () => 1);
    const process = platform.process();
    const id = await accept(process.service, 'f');
    await until('it is too old', async () => {
      const { rows } = await platform.database.pool.query<{ old: boolean }>('SELECT expires_at < now() AS old FROM async_events WHERE id = $1', [id]);
      return rows[0]?.old === true;
    });
    await platform.scheduler(process);
    await until('it failed', status(id, 'failed'));
    expect(await platform.event(id)).toMatchObject({ condition: 'EventAgeExceeded', attempts: 0 });
    expect(platform.fleet.executions).toHaveLength(0);
  });

  it('is recorded with FunctionNotFound when its function was deleted meanwhile', async () => {
    platform = await TestPlatform.start(redisUrl());
    platform.fleet.define('f', () => 1);
    const process = platform.process();
    const id = await accept(process.service, 'f');
    platform.fleet.delete('f');
    await platform.scheduler(process);
    await until('it failed', status(id, 'failed'));
    expect((await listFailedEvents(platform.database, ACCOUNT)).events).toMatchObject([{ requestId: id, condition: 'FunctionNotFound' }]);
  });

  it('whose lease was lost while it ran is run again, and the late result is dropped', async () => {
    platform = await TestPlatform.start(redisUrl(), { HEARTH_ASYNC_LEASE_MS: '30000' });
    const finish: ((value: string) => void)[] = [];
    platform.fleet.define('f', () => new Promise((resolve) => finish.push(resolve)));
    const process = platform.process();
    await platform.scheduler(process);
    const id = await accept(process.service, 'f');
    await until('it runs', () => finish.length === 1);
    // What expiry looks like to everybody: the holder was paused beyond its lease.
    await platform.database.pool.query(`UPDATE async_events SET lease_until = now() - interval '1 s' WHERE id = $1`, [id]);
    // Leases end only when the server has been up for one lease (Backlog); the test's server may have been started just now.
    await platform.scheduler(platform.process({ settings: platform.settings({ HEARTH_ASYNC_LEASE_MS: '1000' }) }));
    await until('it runs again', () => finish.length === 2);
    finish[0]?.('late');
    await until('the late result was refused', () => platform.log.some((entry) => entry.message.includes('taken over')));
    expect(await platform.event(id)).toMatchObject({ status: 'running', fencing_token: '2' });
    finish[1]?.('in time');
    await until('it succeeded', status(id, 'succeeded'));
    expect(await platform.event(id)).toMatchObject({ attempts: 2, fencing_token: '2', function_errors: 0 });
  });

  it('keeps its lease while it runs longer than that', async () => {
    platform = await TestPlatform.start(redisUrl(), { HEARTH_ASYNC_LEASE_MS: '1000' });
    let finish: () => void = () => undefined;
    platform.fleet.define('f', () => new Promise<void>((resolve) => (finish = resolve)));
    const process = platform.process();
    await platform.scheduler(process);
    await platform.scheduler();
    const id = await accept(process.service, 'f');
    await until('it ran for three leases', () => platform.fleet.of(id) > 0 && performance.now() - (platform.fleet.executions[0]?.at ?? Infinity) > 3_000);
    finish();
    await until('it succeeded', status(id, 'succeeded'));
    expect(await platform.event(id)).toMatchObject({ attempts: 1 });
  });

  it('goes back to the backlog when its scheduler stops before it ended', async () => {
    platform = await TestPlatform.start(redisUrl());
    let hang = true;
    platform.fleet.define('f', (_request, signal) => (hang ? new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new InfrastructureError('aborted')))) : 1));
    const process = platform.process();
    const first = await process.startScheduler();
    const id = await accept(process.service, 'f');
    await until('it runs', () => platform.fleet.of(id) === 1);
    await first.stop(50);
    expect(await platform.event(id)).toMatchObject({ status: 'queued', function_errors: 0 });
    hang = false;
    await platform.scheduler();
    await until('it succeeded', status(id, 'succeeded'));
  });

  it('leaves no record of success after its time, and keeps failures', async () => {
    platform = await TestPlatform.start(redisUrl(), { HEARTH_ASYNC_KEEP_SUCCEEDED_S: '0', HEARTH_ASYNC_RETRY_DELAYS_MS: '0,0' });
    platform.fleet.define('good', () => 1);
    platform.fleet.define('bad', () => {
      throw new FunctionFailure('no');
    });
    const process = platform.process();
    const scheduler = await platform.scheduler(process);
    const good = await accept(process.service, 'good');
    const bad = await accept(process.service, 'bad');
    await until('both ended', async () => (await platform.count('succeeded')) === 1 && (await platform.count('failed')) === 1);
    await scheduler.stop();
    await platform.scheduler(); // A janitor sweeps when it starts.
    await until('the success is gone', async () => (await platform.event(good)) === undefined);
    expect(await platform.event(bad)).toMatchObject({ status: 'failed' });
  });

  it('lists failures page by page, the latest first, and no other account’s', async () => {
    platform = await TestPlatform.start(redisUrl(), { HEARTH_ASYNC_RETRY_DELAYS_MS: '0,0' });
    platform.fleet.define('f', () => {
      throw new FunctionFailure('no');
    });
    const process = platform.process();
    await platform.scheduler(process);
    for (let index = 0; index < 5; index++) await accept(process.service, 'f');
    await until('all failed', async () => (await platform.count('failed')) === 5);
    const seen: string[] = [];
    for (let marker: string | undefined; ; ) {
      const page = await listFailedEvents(platform.database, ACCOUNT, { maxItems: 2, marker });
      seen.push(...page.events.map((event) => event.requestId));
      marker = page.nextMarker;
      if (marker === undefined) break;
    }
    expect(new Set(seen).size).toBe(5);
    expect(seen).toHaveLength(5);
    expect((await listFailedEvents(platform.database, '111111111111')).events).toEqual([]);
    await expect(listFailedEvents(platform.database, ACCOUNT, { marker: 'junk' })).rejects.toMatchObject({ code: 'InvalidParameterValueException' });
  });
});
