import { FunctionFailure, until } from '@hearth/invocation';
import { durableCallbackId, parseDurableExecutionArn } from '@hearth/kernel';
import type { OperationUpdate } from './operation.js';
import { DurableFixture, refusal, type Checkpoints } from './testing/durable-fixture.js';

const step = (Id: string, Action: OperationUpdate['Action'], more: Partial<OperationUpdate> = {}): OperationUpdate => ({ Id, Type: 'STEP', Action, ...more });
const wait = (Id: string, WaitSeconds: number): OperationUpdate => ({ Id, Type: 'WAIT', Action: 'START', WaitOptions: { WaitSeconds } });
const callback = (Id: string, CallbackOptions: OperationUpdate['CallbackOptions'] = {}): OperationUpdate => ({ Id, Type: 'CALLBACK', Action: 'START', CallbackOptions });
const invokes = (Id: string, FunctionName: string, Payload = '{}'): OperationUpdate => ({ Id, Type: 'CHAINED_INVOKE', Action: 'START', Payload, ChainedInvokeOptions: { FunctionName } });

const PENDING = { Status: 'PENDING' };
const succeeded = (Result: unknown) => ({ Status: 'SUCCEEDED', Result: JSON.stringify(Result) });
const text = (payload: Uint8Array | undefined) => Buffer.from(payload ?? []).toString();

describe('a durable execution', () => {
  let fixture: DurableFixture;

  beforeAll(async () => {
    fixture = await DurableFixture.start();
    await fixture.scheduler();
  }, 60_000);
  afterAll(() => fixture?.stop(), 60_000);

  it('is told what it did, and what changed meanwhile', async () => {
    const seen: unknown[] = [];
    fixture.define('two', async (event, checkpoints) => {
      const { Operations } = event.InitialExecutionState;
      seen.push([event.UpdatedOperationIds, Operations.map(({ Id, Type, Status }) => [Type === 'EXECUTION' ? 'execution' : Id, Status])]);
      expect(Operations[0]).toMatchObject({ Id: parseDurableExecutionArn(event.DurableExecutionArn)!.id, Type: 'EXECUTION', ExecutionDetails: { InputPayload: '{"n":1}' } });
      if (Operations.length > 1) return succeeded('done');
      await checkpoints.take([step('a', 'START'), step('a', 'SUCCEED', { Payload: '"A"' })]);
      await checkpoints.take([wait('w', 1)]);
      return PENDING;
    });
    const answer = await fixture.invoke('two', { n: 1 });
    expect(answer).toMatchObject({ statusCode: 200, executedVersion: '$LATEST' });
    expect(answer.functionError).toBeUndefined();
    expect(text(answer.payload)).toBe('"done"');
    expect(seen).toEqual([
      [undefined, [['execution', 'STARTED']]],
      [['w'], [['execution', 'STARTED'], ['a', 'SUCCEEDED'], ['w', 'SUCCEEDED']]],
    ]);
  });

  it('refuses every token but the latest of the latest invocation', async () => {
    let first: Checkpoints | undefined;
    const tokens: string[] = [];
    fixture.define('fenced', async (event, checkpoints) => {
      if (first === undefined) {
        first = checkpoints;
        tokens.push(checkpoints.token);
        await checkpoints.take([step('a', 'START')]);
        tokens.push(checkpoints.token);
        expect(await refusal(checkpoints.take([], { CheckpointToken: tokens[0] }))).toMatchObject({ code: 'InvalidParameterValueException', status: 400, message: expect.stringMatching(/^Invalid Checkpoint Token/) });
        throw new FunctionFailure('crash');
      }
      // The crashed invocation still runs somewhere: nothing of it counts any more.
      expect(await refusal(first.take([step('late', 'START')]))).toMatchObject({ message: expect.stringMatching(/^Invalid Checkpoint Token/) });
      expect(await refusal(fixture.call('GetDurableExecutionState', { DurableExecutionArn: event.DurableExecutionArn, CheckpointToken: tokens[1] }))).toMatchObject({ message: expect.stringMatching(/^Invalid Checkpoint Token/) });
      return succeeded(event.InitialExecutionState.Operations.map(({ Id }) => Id).includes('late'));
    });
    const answer = await fixture.invoke('fenced');
    expect(text(answer.payload)).toBe('false');
    expect(await refusal(first!.take([]))).toMatchObject({ message: expect.stringMatching(/^Invalid Checkpoint Token/) });
    expect((await fixture.historyTypes(answer.durableExecutionArn!)).filter((type) => type === 'InvocationCompleted')).toHaveLength(2);
  });

  it('takes a checkpoint once, however often its request is repeated', async () => {
    fixture.define('repeating', async (_event, checkpoints) => {
      const CheckpointToken = checkpoints.token;
      const updates = [step('a', 'START'), step('b', 'SUCCEED', { Payload: '1' })];
      const first = await checkpoints.take(updates, { ClientToken: 'same', CheckpointToken });
      const after = checkpoints.token;
      const again = await checkpoints.take(updates, { ClientToken: 'same', CheckpointToken });
      expect(again).toEqual(first);
      expect(checkpoints.token).toBe(after);
      expect(await refusal(checkpoints.take(updates, { ClientToken: 'other', CheckpointToken }))).toMatchObject({ message: expect.stringMatching(/^Invalid Checkpoint Token/) });
      return succeeded(first.map(({ Id }) => Id));
    });
    expect(text((await fixture.invoke('repeating')).payload)).toBe('["a","b"]');
  });

  it('keeps all updates of a checkpoint or none', async () => {
    fixture.define('atomic', async (_event, checkpoints) => {
      expect(await refusal(checkpoints.take([step('good', 'START'), wait('good', 1)]))).toMatchObject({ code: 'InvalidParameterValueException', message: 'Operation good is a STEP, not a WAIT.' });
      const operations = await checkpoints.take([]);
      return succeeded(operations.length);
    });
    expect(text((await fixture.invoke('atomic')).payload)).toBe('0');
  });

  it('tells a function that polls that its time has come', async () => {
    fixture.define('polling', async (_event, checkpoints) => {
      await checkpoints.take([wait('w', 1), step('s', 'RETRY', { Error: { ErrorMessage: 'no' }, StepOptions: { NextAttemptDelaySeconds: 1 } })]);
      const told: string[] = [];
      await until('both are over', async () => {
        told.push(...(await checkpoints.take([])).map(({ Id, Status }) => `${Id} ${Status}`));
        return told.includes('w SUCCEEDED') && told.includes('s READY');
      });
      return succeeded(told.length);
    });
    expect(text((await fixture.invoke('polling')).payload)).toBe('2');
  });

  it('limits payloads and the number of operations', async () => {
    fixture.define('greedy', async (_event, checkpoints) => {
      expect(await refusal(checkpoints.take([step('a', 'SUCCEED', { Payload: 'x'.repeat(262_145) })]))).toMatchObject({ code: 'InvalidParameterValueException', message: expect.stringContaining('262144') });
      expect(await refusal(checkpoints.take([step('a', 'FAIL', { Error: { ErrorData: 'x'.repeat(262_144) } })]))).toMatchObject({ message: expect.stringContaining('262144') });
      expect(await refusal(checkpoints.take([invokes('c', 'callee', 'x'.repeat(1_048_577))]))).toMatchObject({ message: expect.stringContaining('1048576') });
      await checkpoints.take(Array.from({ length: 3_000 }, (_, index) => step(`s${index}`, 'START')));
      expect(await refusal(checkpoints.take([step('one-more', 'START')]))).toMatchObject({ message: expect.stringContaining('more than 3000 operations') });
      return succeeded('kept');
    });
    expect(text((await fixture.invoke('greedy')).payload)).toBe('"kept"');
  });

  it('may give its result by a checkpoint', async () => {
    const result = JSON.stringify('x'.repeat(1_000_000));
    fixture.define('large', async (_event, checkpoints) => {
      await checkpoints.take([{ Id: 'result', Type: 'EXECUTION', Action: 'SUCCEED', Payload: result }]);
      expect(await refusal(checkpoints.take([]))).toMatchObject({ message: expect.stringMatching(/^Invalid Checkpoint Token/) });
      return { Status: 'SUCCEEDED', Result: '' };
    });
    expect(text((await fixture.invoke('large')).payload)).toBe(result);
  });

  it('fails when its function answers as a durable function must not', async () => {
    fixture.define('undurable', () => ({ hello: 'world' }));
    fixture.define('idle', () => PENDING);
    expect(JSON.parse(text((await fixture.invoke('undurable')).payload))).toMatchObject({ errorMessage: 'Invalid Status in invocation output.' });
    expect(JSON.parse(text((await fixture.invoke('idle')).payload))).toMatchObject({ errorMessage: 'Cannot return PENDING status with no pending operations.' });
  });

  it('fails when its function is gone, also when another one has its name', async () => {
    fixture.define('gone', async (event, checkpoints) => {
      if (event.InitialExecutionState.Operations.length === 1) await checkpoints.take([wait('w', 1)]);
      return PENDING;
    });
    const arn = await fixture.begin('gone');
    await until('it waits', async () => (await fixture.historyTypes(arn)).includes('InvocationCompleted'));
    fixture.define('gone', () => succeeded('an impostor'));
    await fixture.untilStatus(arn, 'FAILED');
    expect(await fixture.call('GetDurableExecution', { DurableExecutionArn: arn })).toMatchObject({ Error: { ErrorType: 'ResourceNotFoundException' } });
  });

  it('is completed by its callbacks at once, and only while they are open', async () => {
    fixture.define('called', async (event, checkpoints) => {
      const known = event.InitialExecutionState.Operations.find(({ Id }) => Id === 'cb');
      if (known?.Status === 'SUCCEEDED') return succeeded(known.CallbackDetails?.Result);
      const [started] = await checkpoints.take([callback('cb')]);
      expect(started?.CallbackDetails?.CallbackId).toBe(durableCallbackId(event.DurableExecutionArn, 'cb'));
      return PENDING;
    });
    const arn = await fixture.begin('called');
    const CallbackId = durableCallbackId(arn, 'cb');
    await until('it waits', async () => (await fixture.historyTypes(arn)).includes('InvocationCompleted'));
    expect(await refusal(fixture.call('SendDurableExecutionCallbackSuccess', { CallbackId: durableCallbackId(arn, 'nothing') }))).toMatchObject({ code: 'ResourceNotFoundException', status: 404 });
    expect(await refusal(fixture.call('SendDurableExecutionCallbackSuccess', { CallbackId: 'bm9uc2Vuc2U=' }))).toMatchObject({ code: 'InvalidParameterValueException', status: 400 });
    await fixture.call('SendDurableExecutionCallbackSuccess', { CallbackId, Result: Buffer.from('"yes"') });
    await fixture.untilStatus(arn, 'SUCCEEDED');
    expect(await refusal(fixture.call('SendDurableExecutionCallbackHeartbeat', { CallbackId }))).toMatchObject({ code: 'CallbackTimeoutException', status: 400 });
    expect(fixture.runs(arn)).toBe(2);
  });

  it('loses no callback that comes while its function still runs', async () => {
    fixture.define('quick', async (event, checkpoints) => {
      const known = event.InitialExecutionState.Operations.find(({ Id }) => Id === 'cb');
      if (known !== undefined) return succeeded(known.Status);
      await checkpoints.take([callback('cb')]);
      await fixture.call('SendDurableExecutionCallbackFailure', { CallbackId: durableCallbackId(event.DurableExecutionArn, 'cb'), Error: { ErrorMessage: 'no' } });
      return PENDING;
    });
    for (let i = 0; i < 5; i++) expect(text((await fixture.invoke('quick')).payload)).toBe('"FAILED"');
  });

  it('times callbacks out when no heartbeat comes', async () => {
    fixture.define('silent', async (event, checkpoints) => {
      const known = event.InitialExecutionState.Operations.find(({ Id }) => Id === 'cb');
      if (known !== undefined) return succeeded(known.Status);
      await checkpoints.take([callback('cb', { TimeoutSeconds: 60, HeartbeatTimeoutSeconds: 1 })]);
      return PENDING;
    });
    expect(text((await fixture.invoke('silent')).payload)).toBe('"TIMED_OUT"');
  });

  it('is invoked again when an invocation fails, without its steps', async () => {
    let runs = 0;
    fixture.define('crashing', async (event, checkpoints) => {
      if (++runs === 1) {
        await checkpoints.take([step('a', 'SUCCEED', { Payload: '1' })]);
        throw new FunctionFailure('out of memory');
      }
      return succeeded(event.InitialExecutionState.Operations.map(({ Status }) => Status));
    });
    expect(text((await fixture.invoke('crashing')).payload)).toBe('["STARTED","SUCCEEDED"]');
    expect(runs).toBe(2);
  });

  it('ends at its timeout, waiting or running', async () => {
    fixture.define('endless', async (_event, checkpoints) => {
      await checkpoints.take([wait('w', 100)]);
      return PENDING;
    }, { executionTimeoutSeconds: 1, retentionDays: 1 });
    const answer = await fixture.invoke('endless');
    expect(answer.functionError).toBe('Unhandled');
    expect(await fixture.status(answer.durableExecutionArn!)).toBe('TIMED_OUT');
    fixture.define('crash-loop', () => {
      throw new FunctionFailure('never');
    }, { executionTimeoutSeconds: 2, retentionDays: 1 });
    expect(await fixture.status((await fixture.invoke('crash-loop')).durableExecutionArn!)).toBe('TIMED_OUT');
  });

  it('waits for other functions, and ends its own event only once', async () => {
    fixture.platform.fleet.define('adder', (request) => (JSON.parse(Buffer.from(request.payload).toString()) as { n: number }).n + 1, { functionId: '00000000-0000-4000-8000-000000000001' });
    fixture.platform.fleet.define('broken', () => {
      throw new FunctionFailure('broken');
    }, { functionId: '00000000-0000-4000-8000-000000000002' });
    fixture.define('child', () => succeeded('from the child'));
    fixture.define('parent', async (event, checkpoints) => {
      const operations = event.InitialExecutionState.Operations.slice(1);
      if (operations.length === 0) await checkpoints.take([invokes('1', 'adder', '{"n":1}'), invokes('2', 'broken'), invokes('3', 'child:$LATEST'), invokes('4', 'missing')]);
      if (operations.some(({ Status }) => Status === 'STARTED') || operations.length === 0) return PENDING;
      return succeeded(operations.map(({ Status, ChainedInvokeDetails }) => [Status, ChainedInvokeDetails?.Result ?? ChainedInvokeDetails?.Error?.ErrorMessage]));
    });
    const answer = await fixture.invoke('parent');
    expect(JSON.parse(text(answer.payload))).toEqual([['SUCCEEDED', '2'], ['FAILED', 'broken'], ['SUCCEEDED', '"from the child"'], ['FAILED', expect.stringContaining('Function not found')]]);
  });

  it('runs nothing while it is paused, and goes on when it is resumed', async () => {
    fixture.define('paused', async (event, checkpoints) => {
      const { length } = event.InitialExecutionState.Operations;
      if (length > 1) return succeeded('resumed');
      await checkpoints.take([callback('cb')]);
      return PENDING;
    });
    const arn = await fixture.begin('paused');
    await until('it waits', async () => (await fixture.historyTypes(arn)).includes('InvocationCompleted'));
    await fixture.call('PauseDurableExecution', { DurableExecutionArn: arn, Reason: 'maintenance', ExecutionTimeoutPaused: true });
    expect(await fixture.call('GetDurableExecution', { DurableExecutionArn: arn })).toMatchObject({ Status: 'PAUSED', PauseDetails: { Reason: 'maintenance', ExecutionTimeoutPaused: true } });
    await fixture.call('SendDurableExecutionCallbackSuccess', { CallbackId: durableCallbackId(arn, 'cb') });
    expect(fixture.runs(arn)).toBe(1);
    await fixture.call('ResumeDurableExecution', { DurableExecutionArn: arn });
    await fixture.untilStatus(arn, 'SUCCEEDED');
    expect(await fixture.historyTypes(arn)).toEqual(expect.arrayContaining(['ExecutionPaused', 'ExecutionResumed']));
    expect(await refusal(fixture.call('PauseDurableExecution', { DurableExecutionArn: arn }))).toMatchObject({ code: 'ResourceConflictException', status: 409 });
  });

  it('takes one more checkpoint when it is paused in the middle of an invocation', async () => {
    let resumed = false;
    fixture.define('interrupted', async (event, checkpoints) => {
      if (resumed) return succeeded(event.InitialExecutionState.Operations.length);
      await fixture.call('PauseDurableExecution', { DurableExecutionArn: event.DurableExecutionArn });
      expect(await fixture.status(event.DurableExecutionArn)).toBe('PAUSING');
      await checkpoints.take([step('a', 'SUCCEED')]);
      expect(await fixture.status(event.DurableExecutionArn)).toBe('PAUSED');
      expect(await refusal(checkpoints.take([]))).toMatchObject({ message: expect.stringMatching(/^Invalid Checkpoint Token/) });
      throw new FunctionFailure('Invalid Checkpoint Token');
    });
    const arn = await fixture.begin('interrupted');
    await until('the invocation ended', async () => (await fixture.historyTypes(arn)).includes('InvocationCompleted'));
    expect(fixture.runs(arn)).toBe(1);
    resumed = true;
    await fixture.call('ResumeDurableExecution', { DurableExecutionArn: arn });
    await fixture.untilStatus(arn, 'SUCCEEDED');
    expect(fixture.runs(arn)).toBe(2);
  });

  it('is listed in pages, deleted when it has ended, and swept when its retention is over', async () => {
    fixture.define('listed', () => succeeded('x'));
    const arns: string[] = [];
    for (let i = 0; i < 3; i++) arns.push((await fixture.invoke('listed', { i }, { durableExecutionName: `run-${i}` })).durableExecutionArn!);
    const pages: string[][] = [];
    let Marker: string | undefined;
    do {
      const page = await fixture.call('ListDurableExecutionsByFunction', { FunctionName: 'listed', MaxItems: 2, Marker, Statuses: ['SUCCEEDED'] });
      pages.push((page['DurableExecutions'] as { DurableExecutionArn: string }[]).map(({ DurableExecutionArn }) => DurableExecutionArn));
      Marker = page['NextMarker'] as string | undefined;
    } while (Marker !== undefined);
    expect(pages).toEqual([arns.slice(0, 2), arns.slice(2)]);
    const reverse = await fixture.call('ListDurableExecutionsByFunction', { FunctionName: 'listed', ReverseOrder: true, DurableExecutionName: 'run-1' });
    expect(reverse['DurableExecutions']).toHaveLength(1);
    await fixture.call('DeleteDurableExecution', { DurableExecutionArn: arns[0] });
    expect(await refusal(fixture.call('GetDurableExecutionHistory', { DurableExecutionArn: arns[0] }))).toMatchObject({ code: 'ResourceNotFoundException', status: 404 });
    // A name is free again after its retention, swept or not.
    await fixture.platform.database.pool.query(`UPDATE durable_executions SET delete_at = now() - interval '1 s' WHERE id = $1`, [parseDurableExecutionArn(arns[1]!)!.id]);
    expect((await fixture.invoke('listed', { other: true }, { durableExecutionName: 'run-1' })).durableExecutionArn).not.toBe(arns[1]);
    expect((await fixture.row(arns[2]!))?.['delete_at'].getTime() - Date.now()).toBeGreaterThan(86_000_000);
    await fixture.platform.database.pool.query(`UPDATE durable_executions SET delete_at = now() - interval '1 s' WHERE id = $1`, [parseDurableExecutionArn(arns[2]!)!.id]);
    const sweep = fixture.durable.executions.startUpkeep();
    await until('it is swept', async () => (await fixture.row(arns[2]!)) === undefined);
    await sweep.stop();
  });

  it('shows its history in pages that stay small', async () => {
    fixture.define('verbose', async (_event, checkpoints) => {
      for (let i = 0; i < 30; i++) await checkpoints.take([step(`s${i}`, 'SUCCEED', { Payload: JSON.stringify('x'.repeat(250_000)) })]);
      return succeeded('x');
    });
    const { durableExecutionArn: DurableExecutionArn } = await fixture.invoke('verbose');
    for (const ReverseOrder of [false, true]) {
      const ids: number[] = [];
      let Marker: string | undefined;
      let pages = 0;
      do {
        const page = await fixture.call('GetDurableExecutionHistory', { DurableExecutionArn, Marker, ReverseOrder, MaxItems: 1_000 });
        expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(6_291_456);
        ids.push(...(page['Events'] as { EventId: number }[]).map(({ EventId }) => EventId));
        Marker = page['NextMarker'] as string | undefined;
        pages++;
      } while (Marker !== undefined);
      expect(pages).toBe(2);
      const all = Array.from({ length: 63 }, (_, index) => index + 1);
      expect(ids).toEqual(ReverseOrder ? all.reverse() : all);
    }
  });

  it('hides what it was given from those who do not ask for it', async () => {
    fixture.define('secretive', async (_event, checkpoints) => {
      await checkpoints.take([step('a', 'SUCCEED', { Payload: '"secret"' })]);
      return succeeded('secret');
    });
    const { durableExecutionArn: arn } = await fixture.invoke('secretive', { secret: 'secret' });
    for (const operation of ['GetDurableExecution', 'GetDurableExecutionHistory']) {
      const input = { DurableExecutionArn: arn };
      expect(JSON.stringify(await fixture.call(operation, input))).toContain('secret');
      expect(JSON.stringify(await fixture.call(operation, { ...input, IncludeExecutionData: false }))).not.toContain('"secret');
    }
  });

  it('belongs to its account', async () => {
    fixture.define('mine', () => succeeded('x'));
    const { durableExecutionArn: arn } = await fixture.invoke('mine');
    // Whoever may touch the executions of his own function gains nothing by naming another one's id.
    fixture.define('victim', async (event, checkpoints) => {
      const forged = event.DurableExecutionArn.replace('victim', 'mine');
      await checkpoints.take([callback('cb')]);
      const token = { DurableExecutionArn: forged, CheckpointToken: checkpoints.token };
      expect(await refusal(fixture.call('CheckpointDurableExecution', token))).toMatchObject({ message: expect.stringMatching(/^Invalid Checkpoint Token/) });
      expect(await refusal(fixture.call('GetDurableExecutionState', token))).toMatchObject({ code: 'ResourceNotFoundException' });
      expect(await refusal(fixture.call('SendDurableExecutionCallbackSuccess', { CallbackId: durableCallbackId(forged, 'cb') }))).toMatchObject({ code: 'ResourceNotFoundException' });
      for (const operation of ['StopDurableExecution', 'PauseDurableExecution', 'ResumeDurableExecution', 'DeleteDurableExecution', 'GetDurableExecutionHistory']) {
        expect(await refusal(fixture.call(operation, { DurableExecutionArn: forged }))).toMatchObject({ code: 'ResourceNotFoundException' });
      }
      return succeeded('untouched');
    });
    expect(text((await fixture.invoke('victim')).payload)).toBe('"untouched"');
    for (const foreign of [arn!.replace('000000000000', '111111111111'), arn!.replace('us-east-1', 'eu-west-1'), arn!.replace('mine', 'yours')]) {
      expect(await refusal(fixture.call('GetDurableExecution', { DurableExecutionArn: foreign }))).toMatchObject({ code: 'ResourceNotFoundException', status: 404 });
    }
  });
});
