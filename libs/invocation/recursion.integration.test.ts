import { MAX_HOPS } from './lineage.js';
import { command, redisUrl, TestPlatform, until } from './testing/test-platform.js';

describe('a function that invokes itself over and over', () => {
  let platform: TestPlatform;

  beforeEach(async () => {
    platform = await TestPlatform.start(redisUrl());
  });
  afterEach(() => platform.stop());

  it('is stopped at its 17th run when it calls itself, unless its loop is allowed', async () => {
    const { service } = platform.process();
    let hops = 0;
    const loop = (name: string) => async (request: { traceHeader: string }) => {
      // As the SDK does it: the header of the function's environment goes into the request.
      if (++hops < 40) await service.invoke(command(name, { traceHeader: request.traceHeader }));
    };
    platform.fleet.define('loop', loop('loop'), { functionId: 'aaaaaaaa-1111-4111-8111-111111111111' });
    await expect(service.invoke(command('loop'))).rejects.toMatchObject({ code: 'RecursiveInvocationException', status: 400, options: { messageMember: 'Message' } });
    expect(hops).toBe(MAX_HOPS);

    hops = 0;
    platform.fleet.define('allowed', loop('allowed'), { functionId: 'bbbbbbbb-1111-4111-8111-111111111111', recursiveLoop: 'Allow' });
    expect(await service.invoke(command('allowed'))).toMatchObject({ statusCode: 200 });
    expect(hops).toBe(40);
  });

  it('is stopped when it sends itself events, and the event that went too far is kept as failed', async () => {
    const process = platform.process();
    let runs = 0;
    platform.fleet.define(
      'spiral',
      async (request) => {
        runs++;
        await process.service.invoke(command('spiral', { invocationType: 'Event', traceHeader: request.traceHeader }));
      },
      { functionId: 'cccccccc-1111-4111-8111-111111111111' },
    );
    await platform.scheduler(process);
    await process.service.invoke(command('spiral', { invocationType: 'Event' }));
    await until('the loop was cut', async () => (await platform.count('failed')) === 1);
    expect(runs).toBe(MAX_HOPS);
    const { rows } = await platform.database.pool.query("SELECT condition, error_type FROM async_events WHERE status = 'failed'");
    expect(rows).toEqual([{ condition: 'InvocationRejected', error_type: 'RecursiveInvocationException' }]);
  });

  it('counts a chain that begins anew by itself', async () => {
    const { service } = platform.process();
    platform.fleet.define('often', () => 1, { functionId: 'dddddddd-1111-4111-8111-111111111111' });
    for (let count = 0; count < MAX_HOPS * 2; count++) expect(await service.invoke(command('often'))).toMatchObject({ statusCode: 200 });
  });
});
