import { until } from '@hearth/invocation';
import { durableCallbackId, parseDurableExecutionArn } from '@hearth/kernel';
import type { OperationUpdate } from './operation.js';
import { DurableFixture, refusal, type Checkpoints } from './testing/durable-fixture.js';

const callback = (Id: string): OperationUpdate => ({ Id, Type: 'CALLBACK', Action: 'START' });
const PENDING = { Status: 'PENDING' };
const succeeded = (Result: unknown) => ({ Status: 'SUCCEEDED', Result: JSON.stringify(Result) });

describe('a started execution', () => {
  let fixture: DurableFixture;

  beforeAll(async () => {
    fixture = await DurableFixture.start({ HEARTH_ASYNC_LEASE_MS: '1000' });
  }, 60_000);
  afterAll(() => fixture?.stop(), 60_000);

  it('waits for the first scheduler that comes', async () => {
    fixture.define('patient', () => succeeded('at last'));
    const arn = await fixture.begin('patient');
    expect(await fixture.status(arn)).toBe('RUNNING');
    await fixture.scheduler();
    await fixture.untilStatus(arn, 'SUCCEEDED');
  });

  it('is taken over when its scheduler is lost, and nothing of the lost invocation counts', async () => {
    await fixture.scheduler(fixture.process().invocation);
    let lost: Checkpoints | undefined;
    let release!: () => void;
    const hanging = new Promise<void>((resolve) => (release = resolve));
    fixture.define('hanging', async (event, checkpoints) => {
      if (lost !== undefined) return succeeded(event.InitialExecutionState.Operations.length);
      lost = checkpoints;
      await checkpoints.take([{ Id: 'a', Type: 'STEP', Action: 'SUCCEED' }]);
      await hanging;
      return succeeded('from the grave');
    });
    const arn = await fixture.begin('hanging');
    await until('it hangs', () => lost !== undefined && fixture.runs(arn) === 1);
    await until('the step is kept', async () => (await fixture.historyTypes(arn)).includes('StepSucceeded'));
    // As if its holder were gone: another one has the event, under a newer fencing token.
    await fixture.platform.database.pool.query(`UPDATE async_events SET status = 'queued', due_at = now(), dispatched_until = NULL, lease_until = NULL, owner = NULL, fencing_token = fencing_token + 1 WHERE id = $1`, [
      parseDurableExecutionArn(arn)!.id,
    ]);
    await fixture.untilStatus(arn, 'SUCCEEDED');
    expect(await refusal(lost!.take([]))).toMatchObject({ message: expect.stringMatching(/^Invalid Checkpoint Token/) });
    release();
    const { Result } = await fixture.call('GetDurableExecution', { DurableExecutionArn: arn });
    expect(Result).toBe('2');
  });

  it('has one invocation at a time, whatever comes at once', async () => {
    const running = new Map<string, number>();
    let most = 0;
    const ids = Array.from({ length: 20 }, (_, index) => `cb${index}`);
    fixture.define('crowd', async (event, checkpoints) => {
      const arn = event.DurableExecutionArn;
      const now = (running.get(arn) ?? 0) + 1;
      running.set(arn, now);
      most = Math.max(most, now);
      try {
        const known = event.InitialExecutionState.Operations.slice(1);
        if (known.length === 0) await checkpoints.take(ids.map(callback));
        else await checkpoints.take([]);
        return known.length > 0 && known.every(({ Status }) => Status === 'SUCCEEDED') ? succeeded('all') : PENDING;
      } finally {
        running.set(arn, running.get(arn)! - 1);
      }
    });
    const arns = await Promise.all(Array.from({ length: 5 }, () => fixture.begin('crowd')));
    await until('all wait', async () => (await Promise.all(arns.map((arn) => fixture.historyTypes(arn)))).every((types) => types.includes('InvocationCompleted')));
    await Promise.all(arns.flatMap((arn) => ids.map((id) => fixture.call('SendDurableExecutionCallbackSuccess', { CallbackId: durableCallbackId(arn, id) }))));
    for (const arn of arns) await fixture.untilStatus(arn, 'SUCCEEDED');
    expect(most).toBe(1);
  });

  it('starts once when many start it at once', async () => {
    fixture.define('raced', () => succeeded('once'));
    const starts = await Promise.all(Array.from({ length: 10 }, () => fixture.invoke('raced', {}, { durableExecutionName: 'race' })));
    expect(new Set(starts.map(({ durableExecutionArn }) => durableExecutionArn)).size).toBe(1);
    expect(starts.map(({ payload }) => Buffer.from(payload!).toString())).toEqual(Array(10).fill('"once"'));
    expect(fixture.runs(starts[0]!.durableExecutionArn!)).toBe(1);
  });

  it('wakes from a short sleep to the point, although the reconciler looks rarely', async () => {
    const rare = await DurableFixture.start({ HEARTH_RECONCILE_MS: '60000' });
    try {
      await rare.scheduler();
      rare.define('sleeper', async (event, checkpoints) => {
        if (event.InitialExecutionState.Operations.length > 1) return succeeded('awake');
        await checkpoints.take([{ Id: 'w', Type: 'WAIT', Action: 'START', WaitOptions: { WaitSeconds: 1 } }]);
        return PENDING;
      });
      const start = performance.now();
      expect(Buffer.from((await rare.invoke('sleeper')).payload!).toString()).toBe('"awake"');
      expect(performance.now() - start).toBeLessThan(20_000);
    } finally {
      await rare.stop();
    }
  }, 90_000);

  it('is woken by the sweep when a wake-up was lost', async () => {
    fixture.define('forgotten', async (event, checkpoints) => {
      if (event.InitialExecutionState.Operations.length > 1) return succeeded('found');
      await checkpoints.take([callback('cb')]);
      return PENDING;
    });
    const arn = await fixture.begin('forgotten');
    const { id } = parseDurableExecutionArn(arn)!;
    const sleeps = async () => (await fixture.platform.event(id))!;
    await until('it sleeps', async () => (await sleeps()).status === 'queued' && (await sleeps()).due_in_ms > 10_000);
    const { pool } = fixture.platform.database;
    // The callback's change without its wake-up, as a crash between the two could leave it.
    await pool.query(`UPDATE durable_operations SET status = 'SUCCEEDED', revision = 2 WHERE execution_id = $1`, [id]);
    await pool.query(`UPDATE durable_executions SET revision = 2, woken = true WHERE id = $1`, [id]);
    const sweep = fixture.durable.executions.startUpkeep();
    await fixture.untilStatus(arn, 'SUCCEEDED');
    await sweep.stop();
  });
});
