import { setTimeout as wait } from 'node:timers/promises';
import type { BullSide, LoadClient } from './helper-process.js';
import type { BenchPlatform } from './platform.js';
import { alternately, median, ratio, type Measurement } from './result.js';
import { EVENT } from './warm.js';

const PAIRS = 5;
const DURATION_MS = 1_500;
const IN_FLIGHT = 50;
const EVENTS_PER_PAIR = 40;
const HANDLED_DEADLINE_MS = 30_000;
/** Log lines come in batches and carry the time that is measured: looking more often only takes time from the platform. */
const LOOK_MS = 20;
const CLOCK_SLACK_MS = 1_000;
const ASYNC = { 'x-amz-invocation-type': 'Event' };

/** Event invokes answered 202 (committed in Postgres) per second, against BullMQ `add` with as many in flight on the same Redis. */
export function asyncAccept(platform: BenchPlatform, client: LoadClient, bull: BullSide): Measurement {
  const name = 'bench-accept';
  const path = `/2015-03-31/functions/${name}/invocations`;
  const hearth = async (durationMs: number) => {
    const bytes = platform.sign('POST', path, EVENT, ASYNC).toString('base64');
    const { perSecond } = await client.run({ port: platform.port, request: bytes, connections: IN_FLIGHT, durationMs, warmUpMs: 0, status: 202 });
    return perSecond;
  };
  return {
    id: 'async-accept',
    async run() {
      await platform.deploy(name);
      await hearth(1_000);
      await platform.drained(name);
      const pairs = await alternately(
        PAIRS,
        async () => {
          const rate = await hearth(DURATION_MS);
          // What was accepted runs before the other side is measured.
          await platform.drained(name);
          return rate;
        },
        () => bull.run({ kind: 'add', redisUrl: platform.redisUrl, durationMs: DURATION_MS, inFlight: IN_FLIGHT, jobs: 0, data: JSON.parse(EVENT.toString()) as unknown }),
      );
      return ratio('async-accept', 'higher', null, 'events/s', pairs);
    },
  };
}

/**
 * From sending an Event invoke until its handler runs in a container, one at a time, against BullMQ's no-op round trip. The
 * handler logs the machine's monotonic clock, which containers share.
 */
export function asyncHandledP50(platform: BenchPlatform, bull: BullSide): Measurement {
  const name = 'bench-handled';
  const path = `/2015-03-31/functions/${name}/invocations`;
  const handled = async (id: string): Promise<number> => {
    const sent = process.hrtime.bigint();
    await platform.call('POST', path, Buffer.from(JSON.stringify({ id })), ASYNC);
    const begin = Date.now() - CLOCK_SLACK_MS;
    const end = Date.now() + HANDLED_DEADLINE_MS;
    for (;;) {
      const line = new RegExp(`handled ${id} at (\\d+)`).exec((await platform.functionLog(name, begin, `handled "${id}"`)).join(''));
      if (line !== null) return Number(BigInt(line[1] as string) - sent) / 1e6;
      if (Date.now() > end) throw new Error('An event was not handled');
      await wait(LOOK_MS);
    }
  };
  const round = async (pair: number | string) => {
    const times: number[] = [];
    for (let i = 0; i < EVENTS_PER_PAIR; i++) times.push(await handled(`${pair}-${i}.`));
    return median(times);
  };
  return {
    id: 'async-handled-p50',
    async run() {
      await platform.deploy(name, "exports.handler = async (event) => { console.log('handled ' + event.id + ' at ' + process.hrtime.bigint()); };\n");
      await round('warm');
      const pairs = await alternately(PAIRS, round, () =>
        bull.run({ kind: 'round-trip', redisUrl: platform.redisUrl, durationMs: 0, inFlight: 1, jobs: 200, data: { id: 'x' } }),
      );
      return ratio('async-handled-p50', 'lower', null, 'ms', pairs);
    },
  };
}
