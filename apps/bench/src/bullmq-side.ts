/** BullMQ alone on the same Redis, in a process of its own: how fast it takes jobs, and how long a job that does nothing needs. */
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';

export interface BullOrder {
  kind: 'add' | 'round-trip';
  redisUrl: string;
  /** `add`: time to measure, in ms. */
  durationMs: number;
  /** `add`: adds in flight. */
  inFlight: number;
  /** `round-trip`: jobs, one after the other. */
  jobs: number;
  data: unknown;
}

const PREFIX = `hearth-bench-baseline-${process.pid}`;

async function addsPerSecond(order: BullOrder): Promise<number> {
  const connection = new Redis(order.redisUrl, { maxRetriesPerRequest: null });
  const queue = new Queue('adds', { connection, prefix: PREFIX });
  await queue.waitUntilReady();
  try {
    let added = 0;
    const begin = performance.now();
    const end = begin + order.durationMs;
    await Promise.all(
      Array.from({ length: order.inFlight }, async () => {
        for (; performance.now() < end; added++) await queue.add('event', order.data);
      }),
    );
    return added / ((performance.now() - begin) / 1000);
  } finally {
    await queue.obliterate({ force: true });
    await queue.close();
    connection.disconnect();
  }
}

async function roundTripP50Ms(order: BullOrder): Promise<number> {
  const open = () => new Redis(order.redisUrl, { maxRetriesPerRequest: null });
  const connections = [open(), open(), open()];
  const [forQueue, forWorker, forEvents] = connections as [Redis, Redis, Redis];
  const queue = new Queue('round-trip', { connection: forQueue, prefix: PREFIX });
  const worker = new Worker('round-trip', async () => null, { connection: forWorker, prefix: PREFIX });
  const events = new QueueEvents('round-trip', { connection: forEvents, prefix: PREFIX });
  await Promise.all([queue.waitUntilReady(), worker.waitUntilReady(), events.waitUntilReady()]);
  try {
    const times: number[] = [];
    const warmUp = 20;
    for (let i = 0; i < order.jobs + warmUp; i++) {
      const begin = performance.now();
      const job = await queue.add('event', order.data);
      await job.waitUntilFinished(events);
      if (i >= warmUp) times.push(performance.now() - begin);
    }
    times.sort((a, b) => a - b);
    return times[Math.floor(times.length / 2)] as number;
  } finally {
    await worker.close();
    await events.close();
    await queue.obliterate({ force: true });
    await queue.close();
    for (const connection of connections) connection.disconnect();
  }
}

process.on('message', (order: BullOrder) => {
  (order.kind === 'add' ? addsPerSecond(order) : roundTripP50Ms(order)).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
