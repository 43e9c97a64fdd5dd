import * as fc from 'fast-check';
import { applyUpdate, type UpdateContext } from './apply-update.js';
import { hasEnded, isAwaited, type Operation, type OperationUpdate } from './operation.js';
import { completeFromOutside, fireDue, heartbeat } from './outside-changes.js';

type Update = OperationUpdate & { Type: Operation['type'] };

const update: fc.Arbitrary<Update> = fc.record({
  Id: fc.constant('a'),
  Type: fc.constantFrom('STEP', 'CONTEXT', 'WAIT', 'CALLBACK', 'CHAINED_INVOKE'),
  Action: fc.constantFrom('START', 'SUCCEED', 'FAIL', 'RETRY', 'CANCEL'),
  Payload: fc.option(fc.string(), { nil: undefined }),
  Error: fc.option(fc.record({ ErrorMessage: fc.string() }), { nil: undefined }),
  StepOptions: fc.option(fc.record({ NextAttemptDelaySeconds: fc.integer({ min: 1, max: 100 }) }), { nil: undefined }),
  WaitOptions: fc.constant({ WaitSeconds: 5 }),
  CallbackOptions: fc.record({ TimeoutSeconds: fc.integer({ min: 0, max: 9 }), HeartbeatTimeoutSeconds: fc.integer({ min: 0, max: 9 }) }),
  ChainedInvokeOptions: fc.constant({ FunctionName: 'f' }),
});
const event = fc.oneof(
  { weight: 3, arbitrary: update.map((value) => ({ kind: 'update' as const, value })) },
  { weight: 1, arbitrary: fc.constant({ kind: 'time' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'heartbeat' as const }) },
  { weight: 1, arbitrary: fc.constantFrom('SUCCEEDED' as const, 'FAILED' as const, 'TIMED_OUT' as const).map((status) => ({ kind: 'outside' as const, status })) },
);

it('an operation keeps its rules, whatever functions and the world do to it', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      let now = 1_000;
      let operation: Operation | undefined;
      const history: string[] = [];
      for (const each of events) {
        now += 700;
        const before = operation;
        const context: UpdateContext = { now, nextOrdinal: 1, callbackId: (id) => id };
        try {
          if (each.kind === 'update') {
            const applied = applyUpdate(each.value, operation, context);
            operation = applied.operation;
            history.push(...applied.entries.map(({ type }) => type));
          } else if (operation !== undefined && !hasEnded(operation)) {
            if (each.kind === 'time' && operation.dueAt !== undefined && operation.dueAt <= now) {
              const applied = fireDue(operation, now);
              operation = applied.operation;
              history.push(...applied.entries.map(({ type }) => type));
            } else if (each.kind === 'heartbeat' && operation.type === 'CALLBACK') operation = heartbeat(operation, now);
            else if (each.kind === 'outside' && (operation.type === 'CALLBACK' || operation.type === 'CHAINED_INVOKE')) {
              const applied = completeFromOutside(operation, each.status === 'SUCCEEDED' ? { status: each.status } : { status: each.status, error: {} }, now);
              operation = applied.operation;
              history.push(...applied.entries.map(({ type }) => type));
            }
          }
        } catch (error) {
          // Refused: nothing may have changed.
          expect((error as { code?: string }).code).toBe('InvalidParameterValueException');
          expect(operation).toBe(before);
        }
        if (operation === undefined) continue;
        // The end is the end; and time moves only what waits for it.
        if (before !== undefined && hasEnded(before)) expect(operation).toEqual(before);
        if (operation.dueAt !== undefined) expect(isAwaited(operation)).toBe(true);
        expect(hasEnded(operation)).toBe(operation.endedAt !== undefined);
        if (before !== undefined) expect([operation.id, operation.type, operation.ordinal, operation.startedAt]).toEqual([before.id, before.type, before.ordinal, before.startedAt]);
        expect(operation.attempt).toBeGreaterThanOrEqual(before?.attempt ?? 0);
      }
      if (operation !== undefined && operation.type !== 'STEP') expect(history.filter((type) => type.endsWith('Started'))).toHaveLength(1);
    }),
    { numRuns: 1_000 },
  );
});
