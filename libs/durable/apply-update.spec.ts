import { applyUpdate, type UpdateContext } from './apply-update.js';
import type { Operation, OperationUpdate } from './operation.js';

const NOW = 1_000_000;
const CONTEXT: UpdateContext = { now: NOW, nextOrdinal: 1, callbackId: (id) => `callback-of-${id}` };

type Update = OperationUpdate & { Type: Operation['type'] };

/** Applies one after the other, as a function would ask for them. */
function run(updates: Partial<Update>[], context: UpdateContext = CONTEXT): { operation: Operation; history: string[]; details: Record<string, unknown>[] } {
  let operation: Operation | undefined;
  const entries = updates.flatMap((update) => {
    const applied = applyUpdate({ Id: 'a', Type: 'STEP', Action: 'START', ...update }, operation, context);
    operation = applied.operation;
    return applied.entries;
  });
  return { operation: operation!, history: entries.map(({ type }) => type), details: entries.map(({ details }) => details) };
}

const refused = (...updates: Partial<Update>[]) => expect(() => run(updates)).toThrow(/^Operation a: .*does not take the action/);

describe('a step', () => {
  it('starts, and succeeds with its result', () => {
    const { operation, history, details } = run([{ Name: 'reserve', ParentId: 'p', SubType: 'Step' }, { Action: 'SUCCEED', Payload: '1' }]);
    expect(operation).toMatchObject({ status: 'SUCCEEDED', result: '1', attempt: 1, endedAt: NOW, name: 'reserve', parentId: 'p', subType: 'Step', ordinal: 1 });
    expect(history).toEqual(['StepStarted', 'StepSucceeded']);
    expect(details[1]).toEqual({ Result: { Payload: '1' }, RetryDetails: { CurrentAttempt: 1 } });
  });

  it('may be told of only when it ended', () => {
    expect(run([{ Action: 'SUCCEED', Payload: '1' }]).history).toEqual(['StepStarted', 'StepSucceeded']);
    expect(run([{ Action: 'FAIL', Error: { ErrorMessage: 'no' } }])).toMatchObject({ operation: { status: 'FAILED', error: { ErrorMessage: 'no' } }, history: ['StepStarted', 'StepFailed'] });
  });

  it('counts an attempt that failed, and is due again after its delay', () => {
    const { operation, details } = run([{}, { Action: 'RETRY', Error: { ErrorType: 'E' }, StepOptions: { NextAttemptDelaySeconds: 5 } }]);
    expect(operation).toMatchObject({ status: 'PENDING', attempt: 1, dueAt: NOW + 5_000, error: { ErrorType: 'E' } });
    expect(details[1]).toEqual({ Error: { Payload: { ErrorType: 'E' } }, RetryDetails: { CurrentAttempt: 1, NextAttemptDelaySeconds: 5 } });
  });

  it('keeps the state of a condition that is polled', () => {
    const { operation, history } = run([{}, { Action: 'RETRY', Payload: '{"n":1}' }]);
    expect(operation).toMatchObject({ status: 'PENDING', result: '{"n":1}', error: undefined, dueAt: NOW + 1_000 });
    expect(history).toEqual(['StepStarted', 'StepSucceeded']);
    const ready: Operation = { ...operation, status: 'READY', dueAt: undefined };
    expect(applyUpdate({ Id: 'a', Type: 'STEP', Action: 'START' }, ready, CONTEXT).operation).toMatchObject({ status: 'STARTED', result: '{"n":1}', attempt: 1 });
  });

  it('takes nothing after its end, and no second start', () => {
    for (const Action of ['START', 'SUCCEED', 'FAIL', 'RETRY'] as const) refused({ Action: 'SUCCEED' }, { Action });
    refused({}, {});
    refused({}, { Action: 'CANCEL' });
    refused({}, { Action: 'RETRY' }, {});
    refused({}, { Action: 'RETRY' }, { Action: 'SUCCEED' });
  });
});

describe('a context', () => {
  it('says whether its children are told again', () => {
    const { operation, history } = run([{ Type: 'CONTEXT' }, { Type: 'CONTEXT', Action: 'SUCCEED', Payload: 'x', ContextOptions: { ReplayChildren: true } }]);
    expect(operation).toMatchObject({ status: 'SUCCEEDED', replayChildren: true, result: 'x' });
    expect(history).toEqual(['ContextStarted', 'ContextSucceeded']);
    expect(run([{ Type: 'CONTEXT' }, { Type: 'CONTEXT', Action: 'FAIL' }])).toMatchObject({ operation: { status: 'FAILED', error: {} }, history: ['ContextStarted', 'ContextFailed'] });
  });

  it('is not retried', () => refused({ Type: 'CONTEXT' }, { Type: 'CONTEXT', Action: 'RETRY' }));
});

describe('a wait', () => {
  it('is over after its time, or when it is cancelled', () => {
    const wait = { Type: 'WAIT', WaitOptions: { WaitSeconds: 3 } } as const;
    const { operation, details } = run([wait]);
    expect(operation).toMatchObject({ status: 'STARTED', dueAt: NOW + 3_000 });
    expect(details).toEqual([{ Duration: 3, ScheduledEndTimestamp: NOW + 3_000 }]);
    expect(run([wait, { Type: 'WAIT', Action: 'CANCEL' }])).toMatchObject({ operation: { status: 'CANCELLED', dueAt: undefined }, history: ['WaitStarted', 'WaitCancelled'] });
  });

  it('needs to know how long', () => expect(() => run([{ Type: 'WAIT' }])).toThrow('WaitSeconds is required'));
  it('is not ended by its function', () => refused({ Type: 'WAIT', WaitOptions: { WaitSeconds: 1 } }, { Type: 'WAIT', Action: 'SUCCEED' }));
});

describe('a callback', () => {
  it('is due at the earlier of its timeouts, and never without', () => {
    const start = (TimeoutSeconds?: number, HeartbeatTimeoutSeconds?: number) => run([{ Type: 'CALLBACK', CallbackOptions: { TimeoutSeconds, HeartbeatTimeoutSeconds } }]);
    expect(start(60, 10).operation.dueAt).toBe(NOW + 10_000);
    expect(start(5, 10).operation.dueAt).toBe(NOW + 5_000);
    expect(start(0, 0).operation.dueAt).toBeUndefined();
    expect(start().details).toEqual([{ CallbackId: 'callback-of-a', HeartbeatTimeout: undefined, Timeout: undefined }]);
  });
});

describe('a chained invoke', () => {
  it('needs a function, and no tenant', () => {
    expect(() => run([{ Type: 'CHAINED_INVOKE' }])).toThrow('FunctionName is required');
    expect(() => run([{ Type: 'CHAINED_INVOKE', ChainedInvokeOptions: { FunctionName: 'f', TenantId: 't' } }])).toThrow('TenantId is not supported');
    expect(run([{ Type: 'CHAINED_INVOKE', Payload: '{}', ChainedInvokeOptions: { FunctionName: 'f' } }]).operation).toMatchObject({ status: 'STARTED', options: { functionName: 'f' } });
  });
});

it('an operation keeps its type', () => {
  expect(() => run([{}, { Type: 'WAIT', Action: 'START', WaitOptions: { WaitSeconds: 1 } }])).toThrow('Operation a is a STEP, not a WAIT.');
});
