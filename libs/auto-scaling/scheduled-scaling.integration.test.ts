import { createTestDatabase, Database } from '@hearth/database';
import { ServiceError } from '@hearth/kernel';
import { createAutoScaling } from './auto-scaling.js';
import type { ProvisionedCapacity } from './provisioned-port.js';
import { ScheduledScaling } from './scheduled-scaling.js';
import { ScalingStore } from './scaling-store.js';

const context = { accountId: '123456789012', region: 'us-east-1', principalArn: 'arn:aws:iam::123456789012:root', requestId: 'r', baseUrl: '' };
const SCALABLE = { ServiceNamespace: 'lambda', ScalableDimension: 'lambda:function:ProvisionedConcurrency' };
const resource = (name: string) => ({ ...SCALABLE, ResourceId: `function:${name}:live` });
const START = Date.parse('2026-01-05T07:00:00Z');

/** Orders of provisioned concurrency in memory. */
class Orders implements ProvisionedCapacity {
  readonly orders = new Map<string, number>();
  readonly changes: [string, number][] = [];
  refusal: Error | undefined;

  async current(_place: unknown, functionName: string): Promise<number> {
    if (functionName === 'missing') throw new ServiceError('ResourceNotFoundException', 404, 'Function not found: missing');
    return this.orders.get(functionName) ?? 0;
  }

  async set(_place: unknown, functionName: string, _qualifier: string, capacity: number): Promise<void> {
    if (this.refusal) throw this.refusal;
    this.orders.set(functionName, capacity);
    this.changes.push([functionName, capacity]);
  }
}

let drop: () => Promise<void>;
let database: Database;
let orders: Orders;
let now = START;
const clock = { now: () => now };
const errors: string[] = [];
const running: ScheduledScaling[] = [];

beforeAll(async () => {
  const test = await createTestDatabase();
  drop = () => test.drop();
  database = new Database({ url: test.url, maxConnections: 8 });
});
afterAll(async () => {
  await database.close();
  await drop();
});
beforeEach(() => {
  orders = new Orders();
  now = START;
  errors.length = 0;
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
  await database.pool.query('DELETE FROM scalable_targets');
});

const call = (operation: string, input: Record<string, unknown>): Promise<any> => createAutoScaling({ database, provisioned: orders, clock }).operations[operation]!(input, context);

function startScheduler(): void {
  const scaling = new ScheduledScaling({ store: new ScalingStore(database), provisioned: orders, clock, onError: (_error, doing) => void errors.push(doing), intervalMs: 10 });
  running.push(scaling);
  scaling.start();
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const due = async (name: string) => (await database.pool.query<{ due_at: Date | null }>('SELECT due_at FROM scheduled_actions WHERE name = $1', [name])).rows[0]?.due_at?.toISOString();

describe('scheduled provisioned concurrency', () => {
  it('goes up and down with the schedule, in whichever process looks first, once', async () => {
    await call('RegisterScalableTarget', { ...resource('app'), MinCapacity: 0, MaxCapacity: 0 });
    await call('PutScheduledAction', { ...resource('app'), ScheduledActionName: 'morning', Schedule: 'cron(0 8 ? * MON-FRI *)', ScalableTargetAction: { MinCapacity: 5, MaxCapacity: 9 } });
    await call('PutScheduledAction', { ...resource('app'), ScheduledActionName: 'evening', Schedule: 'cron(0 18 ? * MON-FRI *)', Timezone: 'UTC', ScalableTargetAction: { MinCapacity: 0, MaxCapacity: 0 } });
    startScheduler();
    startScheduler();
    now = Date.parse('2026-01-05T08:00:00Z');
    await until('the morning came', () => orders.orders.get('app') === 5);
    // Committed after the capacity was set.
    await until('the bounds are those of the morning', async () => {
      const [target] = (await call('DescribeScalableTargets', { ServiceNamespace: 'lambda' })).ScalableTargets;
      return target.MinCapacity === 5 && target.MaxCapacity === 9;
    });
    // Within the new bounds users change it themselves.
    orders.orders.set('app', 7);
    now = Date.parse('2026-01-05T18:00:30Z');
    await until('the evening came', () => orders.orders.get('app') === 0);
    expect(orders.changes).toEqual([['app', 5], ['app', 0]]);
    await until('both are due again', async () => (await due('evening')) === '2026-01-06T18:00:00.000Z');
    expect(await due('morning')).toBe('2026-01-06T08:00:00.000Z');
  });

  it('makes up for what was missed once, and removes what runs once', async () => {
    await call('RegisterScalableTarget', { ...resource('late'), MinCapacity: 0, MaxCapacity: 3 });
    await call('PutScheduledAction', { ...resource('late'), ScheduledActionName: 'hourly', Schedule: 'rate(1 hour)', ScalableTargetAction: { MinCapacity: 2 } });
    await call('PutScheduledAction', { ...resource('late'), ScheduledActionName: 'single', Schedule: 'at(2026-01-05T09:30:00)', ScalableTargetAction: { MaxCapacity: 1, MinCapacity: 1 } });
    now = Date.parse('2026-01-05T12:15:00Z');
    startScheduler();
    await until('the single one is gone', async () => (await due('single')) === undefined && (await call('DescribeScheduledActions', { ServiceNamespace: 'lambda' })).ScheduledActions.length === 1);
    expect(orders.changes).toEqual([['late', 2], ['late', 1]]);
    expect(await due('hourly')).toBe('2026-01-05T13:00:00.000Z');
  });

  it('keeps within start and end, and stands still while it is suspended', async () => {
    await call('RegisterScalableTarget', { ...resource('bounded'), MinCapacity: 0, MaxCapacity: 3 });
    const times = { StartTime: new Date('2026-01-05T10:00:00Z'), EndTime: new Date('2026-01-05T12:00:00Z') };
    await call('PutScheduledAction', { ...resource('bounded'), ScheduledActionName: 'window', Schedule: 'rate(1 hour)', ...times, ScalableTargetAction: { MinCapacity: 1 } });
    expect(await due('window')).toBe('2026-01-05T10:00:00.000Z');
    await call('RegisterScalableTarget', { ...resource('bounded'), SuspendedState: { ScheduledScalingSuspended: true } });
    now = Date.parse('2026-01-05T12:00:00Z');
    startScheduler();
    await until('it is over', async () => (await due('window')) === undefined);
    expect(orders.changes).toEqual([]);
  });

  it('that the function refuses is told, and that the platform fails at is tried again', async () => {
    await call('RegisterScalableTarget', { ...resource('refused'), MinCapacity: 0, MaxCapacity: 3 });
    await call('PutScheduledAction', { ...resource('refused'), ScheduledActionName: 'daily', Schedule: 'rate(1 day)', ScalableTargetAction: { MinCapacity: 1 } });
    orders.refusal = new Error('the database is away');
    now += 86_400_000;
    startScheduler();
    await until('it failed', () => errors.includes('looking for scheduled actions that are due'));
    expect(await due('daily')).toBe('2026-01-06T07:00:00.000Z');
    orders.refusal = new ServiceError('InvalidParameterValueException', 400, 'too much');
    await until('it was refused', () => errors.includes('running the scheduled action daily of function:refused:live'));
    await until('it is due tomorrow', async () => (await due('daily')) === '2026-01-07T07:00:00.000Z');
  });

  it('is described in pages, changed, and removed with its target', async () => {
    for (const name of ['a', 'b', 'c']) {
      await call('RegisterScalableTarget', { ...resource(name), MinCapacity: 1, MaxCapacity: 2 });
      await call('PutScheduledAction', { ...resource(name), ScheduledActionName: 'x', Schedule: 'rate(1 hour)', StartTime: new Date(START + 60_000), ScalableTargetAction: { MinCapacity: 1 } });
    }
    const first = await call('DescribeScheduledActions', { ServiceNamespace: 'lambda', MaxResults: 2 });
    const second = await call('DescribeScheduledActions', { ServiceNamespace: 'lambda', MaxResults: 2, NextToken: first.NextToken });
    expect([...first.ScheduledActions, ...second.ScheduledActions].map(({ ResourceId }) => ResourceId)).toEqual(['function:a:live', 'function:b:live', 'function:c:live']);
    expect(second.NextToken).toBeUndefined();
    await call('PutScheduledAction', { ...resource('a'), ScheduledActionName: 'x', ScalableTargetAction: { MaxCapacity: 9 } });
    expect((await call('DescribeScheduledActions', { ...resource('a') })).ScheduledActions).toEqual([
      {
        ScheduledActionName: 'x',
        ScheduledActionARN: expect.stringMatching(/^arn:aws:autoscaling:us-east-1:123456789012:scheduledAction:[0-9a-f-]{36}:resource\/lambda\/function:a:live:scheduledActionName\/x$/),
        ...resource('a'),
        Schedule: 'rate(1 hour)',
        ScalableTargetAction: { MaxCapacity: 9 },
        CreationTime: new Date(START),
      },
    ]);
    await call('DeleteScheduledAction', { ...resource('b'), ScheduledActionName: 'x' });
    await expect(call('DeleteScheduledAction', { ...resource('b'), ScheduledActionName: 'x' })).rejects.toMatchObject({ code: 'ObjectNotFoundException' });
    await call('DeregisterScalableTarget', resource('a'));
    expect((await call('DescribeScheduledActions', { ServiceNamespace: 'lambda' })).ScheduledActions).toMatchObject([{ ResourceId: 'function:c:live' }]);
    await expect(call('DeregisterScalableTarget', resource('a'))).rejects.toMatchObject({ code: 'ObjectNotFoundException' });
  });

  it.each([
    ['RegisterScalableTarget', { ...SCALABLE, ResourceId: 'function:app' }],
    ['RegisterScalableTarget', { ...resource('app'), ServiceNamespace: 'ecs' }],
    ['RegisterScalableTarget', { ...resource('app'), MinCapacity: 1 }],
    ['RegisterScalableTarget', { ...resource('app'), MinCapacity: 2, MaxCapacity: 1 }],
    ['RegisterScalableTarget', { ...resource('missing'), MinCapacity: 1, MaxCapacity: 1 }],
    ['DescribeScalableTargets', { ServiceNamespace: 'dynamodb' }],
  ])('%s refuses %j', async (operation, input) => {
    await expect(call(operation, input)).rejects.toMatchObject({ code: 'ValidationException', status: 400 });
  });

  it.each([
    [{ Schedule: 'whenever' }, 'ValidationException'],
    [{ Schedule: 'at(2020-01-01T00:00:00)' }, 'ValidationException'],
    [{ Schedule: 'rate(1 hour)', Timezone: 'Nowhere' }, 'ValidationException'],
    [{ Schedule: 'rate(1 hour)', ScalableTargetAction: {} }, 'ValidationException'],
    [{}, 'ValidationException'],
    [{ Schedule: 'rate(1 hour)', ...resource('other') }, 'ObjectNotFoundException'],
  ])('PutScheduledAction refuses %j', async (input, code) => {
    await call('RegisterScalableTarget', { ...resource('app'), MinCapacity: 0, MaxCapacity: 0 });
    await expect(call('PutScheduledAction', { ...resource('app'), ScheduledActionName: 'x', ScalableTargetAction: { MinCapacity: 1 }, ...input })).rejects.toMatchObject({ code, status: 400 });
  });
});
