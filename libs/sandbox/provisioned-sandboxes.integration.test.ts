import { ProcessDriver } from './drivers/process-driver.js';
import type { FunctionSpec, InvocationOutcome } from './function-spec.js';
import type { PoolLimits } from './pool/capacity.js';
import { RuntimeCatalogue } from './runtime-catalogue.js';
import { answerOf, Bench, requestFor, specFor, until } from './testing/bench.js';

const catalogue = RuntimeCatalogue.load();

async function withBench(limits: Partial<PoolLimits>, work: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = await Bench.open((place) => new ProcessDriver({ ...place, catalogue }), limits);
  try {
    await work(bench);
  } finally {
    await bench.close();
  }
}

const held = (bench: Bench, key = 'k') => bench.pool.provisionReport().held.find((one) => one.key === key);
const ready = (bench: Bench, count: number, key = 'k') => until(() => held(bench, key)?.ready === count && bench.pool.stats().states.draining === 0, `${count} are ready`);
const invokeHeld = (bench: Bench, spec: FunctionSpec, event: object, key = 'k'): Promise<InvocationOutcome> => bench.pool.invoke({ ...requestFor(spec, event), provisionedKey: key });

describe('provisioned sandboxes', () => {
  it('are initialised before anybody calls, know what they are, and answer without a cold start', () =>
    withBench({}, async (bench) => {
      const spec = specFor('node', { logFormat: 'JSON', systemLogLevel: 'DEBUG' });
      bench.pool.provision([{ key: 'k', qualifier: 'live', spec, count: 2 }]);
      expect(held(bench)).toEqual({ key: 'k', count: 2, ready: 0, starting: 2 });
      await ready(bench, 2);
      const outcome = await invokeHeld(bench, spec, { probe: 'env' });
      expect(outcome).toMatchObject({ provisioned: true, coldStart: false });
      expect(outcome.initDurationMs).toBeUndefined();
      expect(answerOf(outcome).AWS_LAMBDA_INITIALIZATION_TYPE).toBe('provisioned-concurrency');
      expect(bench.lines.filter((line) => line.includes('"platform.initStart"')).every((line) => line.includes('"initializationType":"provisioned-concurrency"'))).toBe(true);
      expect(bench.pool.stats().started).toBe(2);
    }));

  it('serve only those who name them; others of the same version get sandboxes of their own', () =>
    withBench({}, async (bench) => {
      const spec = specFor('node');
      bench.pool.provision([{ key: 'k', qualifier: 'live', spec, count: 1 }]);
      await ready(bench, 1);
      const other = await bench.invoke(spec, { probe: 'env' });
      expect(other.provisioned).toBeUndefined();
      expect(answerOf(other).AWS_LAMBDA_INITIALIZATION_TYPE).toBe('on-demand');
      expect((await invokeHeld(bench, spec, { probe: 'count' })).provisioned).toBe(true);
      expect((await invokeHeld(bench, spec, { probe: 'count' }, 'unknown')).provisioned).toBeUndefined();
    }));

  it('spill over to others when all are busy', () =>
    withBench({}, async (bench) => {
      const spec = specFor('node', { timeoutSeconds: 1 });
      bench.pool.provision([{ key: 'k', qualifier: 'live', spec, count: 1 }]);
      await ready(bench, 1);
      const busy = invokeHeld(bench, spec, { probe: 'never' });
      const spilled = await invokeHeld(bench, spec, { probe: 'count' });
      expect(spilled).toMatchObject({ coldStart: true });
      expect(spilled.provisioned).toBeUndefined();
      expect(bench.pool.provisionedUse()).toEqual([{ accountId: spec.accountId, functionName: spec.functionName, qualifier: 'live', ready: 1, busy: 1 }]);
      expect(await busy).toMatchObject({ status: 'timeout', provisioned: true });
    }));

  it('neither expire nor make room for others', () =>
    withBench({ idleMs: 50, maxSandboxes: 2 }, async (bench) => {
      const spec = specFor('node');
      bench.pool.provision([{ key: 'k', qualifier: 'live', spec, count: 1 }]);
      await ready(bench, 1);
      await bench.invoke(specFor('node'), { probe: 'count' });
      await until(() => bench.pool.stats().expired === 1, 'the other one expired');
      await Promise.all([bench.invoke(specFor('node'), { probe: 'count' }), bench.invoke(specFor('node'), { probe: 'count' })]);
      expect(held(bench)).toMatchObject({ ready: 1 });
      expect(answerOf(await invokeHeld(bench, spec, { probe: 'count' }))).toBe(1);
      expect(answerOf(await invokeHeld(bench, spec, { probe: 'count' }))).toBe(2);
    }));

  it('make the sandboxes that nobody uses give way', () =>
    withBench({ maxSandboxes: 2 }, async (bench) => {
      await Promise.all([bench.invoke(specFor('node'), { probe: 'count' }), bench.invoke(specFor('node'), { probe: 'count' })]);
      bench.pool.provision([{ key: 'k', qualifier: 'live', spec: specFor('node'), count: 2 }]);
      await ready(bench, 2);
      expect(bench.pool.stats().evicted).toBe(2);
    }));

  it('are replaced when they die, in an invocation or between two', () =>
    withBench({}, async (bench) => {
      const spec = specFor('node');
      bench.pool.provision([{ key: 'k', qualifier: 'live', spec, count: 1 }]);
      await ready(bench, 1);
      expect((await invokeHeld(bench, spec, { probe: 'exit', status: 3 })).status).toBe('error');
      await until(() => bench.pool.stats().started === 2, 'another one was started');
      await ready(bench, 1);
      await invokeHeld(bench, spec, { probe: 'exitLater' });
      await until(() => bench.pool.stats().started === 3, 'another one was started');
      await ready(bench, 1);
      expect(answerOf(await invokeHeld(bench, spec, { probe: 'count' }))).toBe(1);
    }));

  it('become fewer and more as ordered; a busy one ends after its invocation', () =>
    withBench({}, async (bench) => {
      const spec = specFor('node', { timeoutSeconds: 1 });
      bench.pool.provision([{ key: 'k', qualifier: 'live', spec, count: 3 }]);
      await ready(bench, 3);
      const busy = invokeHeld(bench, spec, { probe: 'never' });
      bench.pool.provision([{ key: 'k', qualifier: 'live', spec, count: 1 }]);
      await ready(bench, 1);
      bench.pool.provision([]);
      expect(held(bench)).toBeUndefined();
      await busy;
      await until(() => Object.values(bench.pool.stats().states).every((count) => count === 0), 'nothing is left');
      bench.pool.provision([{ key: 'k', qualifier: 'live', spec, count: 2 }]);
      await ready(bench, 2);
    }));

  it('whose init fails are reported, and tried again later', () =>
    withBench({}, async (bench) => {
      bench.pool.provision([{ key: 'k', qualifier: 'live', spec: specFor('failing-init'), count: 2 }]);
      await until(() => held(bench)?.failure === 'function', 'the failure is told');
      await until(() => bench.pool.stats().started > 2, 'another try');
      expect(bench.pool.stats().started).toBeLessThanOrEqual(4);
    }));

  it('whose credentials end within the hour are replaced one at a time, while the others serve', async () => {
    const HOUR_MS = 3_600_000;
    const lifetimes = [HOUR_MS, HOUR_MS]; // Of the first two; a minute and the timeout are taken off.
    const issue = () => Promise.resolve({ accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't', expiresAt: Date.now() + (lifetimes.pop() ?? 12 * HOUR_MS) });
    const bench = await Bench.open((place) => new ProcessDriver({ ...place, catalogue }), { idleMs: 200 }, undefined, { credentials: { issue, revoke: () => undefined } });
    try {
      const spec = specFor('node');
      bench.pool.provision([{ key: 'k', qualifier: 'live', spec, count: 2 }]);
      await ready(bench, 2);
      let fewest = 2;
      await until(() => {
        fewest = Math.min(fewest, held(bench)!.ready);
        return bench.pool.stats().started === 4;
      }, 'both were replaced');
      await ready(bench, 2);
      expect(fewest).toBe(1);
      expect(bench.pool.stats().started).toBe(4);
      expect((await invokeHeld(bench, spec, { probe: 'count' })).provisioned).toBe(true);
    } finally {
      await bench.close();
    }
  });
});
