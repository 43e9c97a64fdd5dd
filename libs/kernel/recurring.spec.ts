import { Recurring } from './recurring.js';

/** Work whose runs are ended by hand. */
function work(everyMs = 1) {
  const runs: { signal: AbortSignal; end(): void; fail(error: Error): void }[] = [];
  const errors: unknown[] = [];
  let begun = (): void => undefined;
  const recurring = new Recurring({
    everyMs,
    run: (signal) =>
      new Promise<void>((resolve, reject) => {
        runs.push({ signal, end: resolve, fail: reject });
        begun();
      }),
    onError: (error) => errors.push(error),
  });
  const next = (): Promise<void> => new Promise((resolve) => (begun = resolve));
  return { recurring, runs, errors, next };
}

describe('work that recurs', () => {
  it('runs at once, and again after its interval, one run at a time', async () => {
    const { recurring, runs, next } = work();
    recurring.start();
    recurring.start();
    expect(runs).toHaveLength(1);
    const second = next();
    runs[0]!.end();
    await second;
    expect(runs).toHaveLength(2);
    runs[1]!.end();
    await recurring.stop();
  });

  it('goes on after a failure, which is told', async () => {
    const { recurring, runs, errors, next } = work();
    recurring.start();
    const second = next();
    runs[0]!.fail(new Error('no Postgres'));
    await second;
    expect(errors).toEqual([new Error('no Postgres')]);
    runs[1]!.end();
    await recurring.stop();
  });

  it('stops when the run under way has ended, which it is told to', async () => {
    const { recurring, runs } = work();
    recurring.start();
    let stopped = false;
    const stopping = recurring.stop().then(() => (stopped = true));
    expect(runs[0]!.signal.aborted).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    runs[0]!.end();
    await stopping;
    recurring.start();
    expect(runs).toHaveLength(1);
  });

  it('can be stopped before it began', async () => {
    const { recurring, runs } = work();
    await recurring.stop();
    recurring.start();
    expect(runs).toHaveLength(0);
  });
});
