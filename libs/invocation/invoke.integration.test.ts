import { randomUUID } from 'node:crypto';
import { InfrastructureError } from '@hearth/kernel';
import { PlatformMetrics, type InvocationTrace } from '@hearth/telemetry';
import { InvocationTelemetry } from './invocation-telemetry.js';
import { FunctionFailure } from './testing/function-fleet.js';
import { command, redisUrl, TestPlatform, until } from './testing/test-platform.js';

describe('Invoke', () => {
  let platform: TestPlatform;

  beforeAll(async () => {
    platform = await TestPlatform.start(redisUrl());
    platform.fleet.define('echo', (request) => JSON.parse(Buffer.from(request.payload).toString()) as unknown);
    platform.fleet.define('fails', () => {
      throw new FunctionFailure('no');
    });
  });

  afterAll(() => platform.stop());

  it('RequestResponse answers with what the function returned, its version and the log tail when asked', async () => {
    const { service } = platform.process();
    const answer = await service.invoke(command('echo', { payload: Buffer.from('{"a":1}'), wantsLogTail: true }));
    expect(answer).toMatchObject({ statusCode: 200, executedVersion: '$LATEST', functionError: undefined });
    expect(Buffer.from(answer.payload ?? []).toString()).toBe('{"a":1}');
    expect(Buffer.from(answer.logTail ?? []).toString()).toBe('START\n');
    expect((await service.invoke(command('echo'))).logTail).toBeUndefined();
  });

  it('an empty body reaches the function as {}', async () => {
    const answer = await platform.process().service.invoke(command('echo', { payload: Buffer.alloc(0) }));
    expect(Buffer.from(answer.payload ?? []).toString()).toBe('{}');
  });

  it('a function error is an answer with Unhandled', async () => {
    expect(await platform.process().service.invoke(command('fails'))).toMatchObject({ statusCode: 200, functionError: 'Unhandled' });
  });

  it('the ARN that the function sees has a qualifier only when the caller gave one', async () => {
    const seen: string[] = [];
    platform.fleet.define('arn', (request) => void seen.push(request.invokedFunctionArn));
    const { service } = platform.process();
    await service.invoke(command('arn', { qualifier: '$LATEST' }));
    await service.invoke(command('arn', { qualifier: '$LATEST', qualifiedByCaller: true }));
    expect(seen).toEqual(['arn:aws:lambda:us-east-1:000000000000:function:arn', 'arn:aws:lambda:us-east-1:000000000000:function:arn:$LATEST']);
  });

  it('leaves one trace record with all its phases, and so does an event and its attempt', async () => {
    const traces: InvocationTrace[] = [];
    const metrics = new PlatformMetrics();
    const process = platform.process({ telemetry: new InvocationTelemetry(metrics, { enabled: true, record: (trace) => traces.push(trace) }) });
    const arrival = Date.now() - 5;
    const sync = command('echo', { received: [arrival, arrival + 1] });
    await process.service.invoke(sync);
    expect(traces).toMatchObject([{ kind: 'invoke', requestId: sync.requestId, start: arrival }]);
    expect(Object.keys(traces[0]?.phases ?? {})).toEqual(['authenticate', 'resolve', 'placement', 'handler']);

    const event = command('echo', { invocationType: 'Event', received: [arrival, arrival + 1] });
    await process.service.invoke(event);
    await platform.scheduler(process);
    await until('the attempt was traced', () => traces.length === 3);
    expect(traces.slice(1)).toMatchObject([{ kind: 'accept', requestId: event.requestId, start: arrival }, { kind: 'attempt', requestId: event.requestId }]);
    expect(traces.slice(1).map(({ phases }) => Object.keys(phases ?? {}))).toEqual([
      ['authenticate', 'resolve', 'store'],
      ['queue', 'resolve', 'placement', 'handler'],
    ]);
    expect(new Set(traces.slice(1).map((trace) => trace.traceHeader)).size).toBe(1);
    expect(metrics.eventAge.count).toBe(1);
  });

  it('DryRun checks existence and runs nothing', async () => {
    const { service } = platform.process();
    const before = platform.fleet.executions.length;
    expect(await service.invoke(command('echo', { invocationType: 'DryRun' }))).toMatchObject({ statusCode: 204 });
    await expect(service.invoke(command('nope', { invocationType: 'DryRun' }))).rejects.toMatchObject({ code: 'ResourceNotFoundException', status: 404 });
    expect(platform.fleet.executions).toHaveLength(before);
  });

  it('refuses what is not JSON, what is too large, what does not exist, and what is not Active', async () => {
    platform.fleet.define('pending', () => 1, { state: 'Pending' });
    const { service } = platform.process();
    await expect(service.invoke(command('echo', { payload: Buffer.from('{nope') }))).rejects.toMatchObject({ code: 'InvalidRequestContentException', status: 400 });
    await expect(service.invoke(command('echo', { payload: Buffer.alloc(6_291_457, ' ') }))).rejects.toMatchObject({
      status: 413,
      message: '6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)',
    });
    await expect(service.invoke(command('echo', { invocationType: 'Event', payload: Buffer.alloc(1_048_577, ' ') }))).rejects.toMatchObject({ status: 413 });
    await expect(service.invoke(command('nope'))).rejects.toMatchObject({ status: 404 });
    await expect(service.invoke(command('nope', { invocationType: 'Event' }))).rejects.toMatchObject({ status: 404 });
    await expect(service.invoke(command('pending'))).rejects.toMatchObject({ code: 'ResourceConflictException', status: 409 });
    expect(await platform.count('queued')).toBe(0);
  });

  it('answers an infrastructure failure with 500 ServiceException', async () => {
    platform.fleet.define('lost', () => {
      throw new InfrastructureError('the engine is down');
    });
    await expect(platform.process().service.invoke(command('lost'))).rejects.toMatchObject({ code: 'ServiceException', status: 500 });
  });

  it('throttles beyond the concurrency of the account, and grants again when calls end', async () => {
    let finish: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    platform.fleet.define('slow', () => gate);
    const { service } = platform.process({ accountConcurrency: 2 });
    const running = [service.invoke(command('slow')), service.invoke(command('slow'))];
    await expect(service.invoke(command('slow'))).rejects.toMatchObject({
      code: 'TooManyRequestsException',
      status: 429,
      message: 'Rate Exceeded.',
      options: { members: { Reason: 'ConcurrentInvocationLimitExceeded' }, headers: { 'Retry-After': '1' } },
    });
    // Another account has a limit of its own.
    expect(await service.invoke(command('echo', { accountId: '111111111111' }))).toMatchObject({ statusCode: 200 });
    finish();
    await Promise.all(running);
    expect(await service.invoke(command('echo'))).toMatchObject({ statusCode: 200 });
  });

  it('counts a function with reserved concurrency by itself, and the others against what is not reserved', async () => {
    let finish: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    platform.fleet.define('kept', () => gate, { concurrency: { reserved: 1, reservedInAccount: 2 } });
    platform.fleet.define('free', () => gate, { concurrency: { reservedInAccount: 2 } });
    platform.fleet.define('off', () => 'never', { concurrency: { reserved: 0, reservedInAccount: 2 } });
    const { service } = platform.process({ accountConcurrency: 3 });
    const running = [service.invoke(command('kept')), service.invoke(command('free'))];
    const throttle = (Reason: string) => ({ code: 'TooManyRequestsException', status: 429, message: 'Rate Exceeded.', options: { members: { Reason }, headers: { 'Retry-After': '1' } } });
    await expect(service.invoke(command('kept'))).rejects.toMatchObject(throttle('ReservedFunctionConcurrentInvocationLimitExceeded'));
    await expect(service.invoke(command('free'))).rejects.toMatchObject(throttle('ConcurrentInvocationLimitExceeded'));
    await expect(service.invoke(command('off'))).rejects.toMatchObject(throttle('ReservedFunctionConcurrentInvocationLimitExceeded'));
    // The reservation is raised, and lowered again, while an invocation runs.
    platform.fleet.define('kept', () => gate, { concurrency: { reserved: 2, reservedInAccount: 2 } });
    running.push(service.invoke(command('kept')));
    await expect(service.invoke(command('kept'))).rejects.toMatchObject({ status: 429 });
    finish();
    await Promise.all(running);
    expect(await service.invoke(command('kept'))).toMatchObject({ statusCode: 200 });
    expect(await service.invoke(command('free'))).toMatchObject({ statusCode: 200 });
  });

  it('an event that Postgres refuses for its data does not fail the events committed with it', async () => {
    const { service } = platform.process();
    const [once, twice] = [randomUUID(), randomUUID()];
    const answers = await Promise.allSettled([
      service.invoke(command('echo', { invocationType: 'Event', requestId: twice })),
      service.invoke(command('echo', { invocationType: 'Event', clientContext: 'nul \u0000' })),
      service.invoke(command('echo', { invocationType: 'Event', requestId: once })),
      service.invoke(command('echo', { invocationType: 'Event', requestId: twice })),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    // A scheduler of an earlier test may have run them already.
    await until('two events are stored', async () => (await platform.event(once)) !== undefined && (await platform.event(twice)) !== undefined);
  });
});
