import type { Operation } from './operation.js';
import { completeFromOutside, fireDue, heartbeat } from './outside-changes.js';

const NOW = 50_000;

function operation(overrides: Partial<Operation>): Operation {
  return { id: 'a', ordinal: 1, type: 'CALLBACK', status: 'STARTED', startedAt: 0, attempt: 0, replayChildren: false, options: {}, ...overrides };
}

describe('time', () => {
  it('ends waits and makes steps ready', () => {
    expect(fireDue(operation({ type: 'WAIT', dueAt: NOW, options: { waitSeconds: 50 } }), NOW)).toMatchObject({ operation: { status: 'SUCCEEDED', endedAt: NOW, dueAt: undefined }, entries: [{ type: 'WaitSucceeded', details: { Duration: 50 } }] });
    expect(fireDue(operation({ type: 'STEP', status: 'PENDING', attempt: 1, dueAt: NOW }), NOW)).toMatchObject({ operation: { status: 'READY', attempt: 1, dueAt: undefined }, entries: [] });
  });

  it('times callbacks out, and says by which of the two limits', () => {
    const message = (options: Operation['options']) => fireDue(operation({ dueAt: NOW, options }), NOW).operation.error?.ErrorMessage;
    expect(message({ timeoutAt: NOW, heartbeatAt: NOW + 1 })).toBe('Callback timed out');
    expect(message({ timeoutAt: NOW + 1, heartbeatAt: NOW })).toBe('Callback timed out on heartbeat');
    expect(message({ heartbeatAt: NOW })).toBe('Callback timed out on heartbeat');
  });
});

describe('a heartbeat', () => {
  it('moves only its own limit', () => {
    expect(heartbeat(operation({ options: { heartbeatSeconds: 10, timeoutAt: NOW + 60_000 } }), NOW).dueAt).toBe(NOW + 10_000);
    expect(heartbeat(operation({ options: { heartbeatSeconds: 10, timeoutAt: NOW + 5_000 } }), NOW).dueAt).toBe(NOW + 5_000);
    expect(heartbeat(operation({ dueAt: 7, options: {} }), NOW).dueAt).toBe(7);
  });
});

describe('an end from outside', () => {
  it('is written into the history of its kind', () => {
    expect(completeFromOutside(operation({}), { status: 'SUCCEEDED', result: '1' }, NOW)).toMatchObject({ operation: { status: 'SUCCEEDED', result: '1' }, entries: [{ type: 'CallbackSucceeded' }] });
    for (const [status, type] of [['FAILED', 'ChainedInvokeFailed'], ['TIMED_OUT', 'ChainedInvokeTimedOut'], ['STOPPED', 'ChainedInvokeStopped']] as const) {
      const error = { ErrorType: 'E' };
      expect(completeFromOutside(operation({ type: 'CHAINED_INVOKE' }), { status, error }, NOW)).toMatchObject({ operation: { status, error, endedAt: NOW }, entries: [{ type, details: { Error: { Payload: error } } }] });
    }
  });
});
