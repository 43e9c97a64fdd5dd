import { setTimeout as wait } from 'node:timers/promises';
import { residentMb, type BenchPlatform } from './platform.js';
import { median, type Measurement } from './result.js';

const SAMPLES = 5;
const SAMPLE_EVERY_MS = 1_000;
const SETTLE_MS = 5_000;

/** Memory of every process of the idle platform but Postgres and Redis, shared pages divided among their users (PSS). */
export function idleMemory(platform: BenchPlatform): Measurement {
  return {
    id: 'idle-memory-mb',
    async run() {
      // One call of each kind first, so that nothing is left unloaded.
      await platform.deploy('bench-idle');
      const path = '/2015-03-31/functions/bench-idle/invocations';
      await platform.call('POST', path, Buffer.from('{}'));
      await platform.call('POST', path, Buffer.from('{}'), { 'x-amz-invocation-type': 'Event' });
      await wait(SETTLE_MS);
      const samples: number[] = [];
      for (let i = 0; i < SAMPLES; i++) {
        samples.push(await residentMb(platform.pid));
        await wait(SAMPLE_EVERY_MS);
      }
      return { id: 'idle-memory-mb', value: median(samples), unit: 'MB', mark: 350, better: 'lower', min: Math.min(...samples), pairs: samples.length };
    },
  };
}
