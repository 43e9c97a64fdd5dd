import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { loadSettings, type Settings } from '@hearth/config';
import { createTestDatabase, Database } from '@hearth/database';
import { systemClock } from '@hearth/kernel';
import { QueueConnection, type Logger } from '@hearth/queue';
import { Redis } from 'ioredis';
import { createInvocation, type Invocation, type InvocationParts, type RunningScheduler } from '../create-invocation.js';
import { EVENT_QUEUE } from '../event-pointer.js';
import type { InvokeCommand } from '../invoke-command.js';
import { FunctionFleet } from './function-fleet.js';

export interface EventRow {
  status: string;
  condition: string | null;
  attempts: number;
  function_errors: number;
  fencing_token: string;
  error_type: string | null;
  due_in_ms: number;
}

/** Control plane and schedulers on a real Postgres and a real Redis, with functions that are JavaScript of the test. */
export class TestPlatform {
  readonly fleet = new FunctionFleet();
  readonly log: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  readonly #closing: (() => Promise<unknown>)[] = [];
  readonly #queues: QueueConnection[] = [];
  readonly #schedulers: RunningScheduler[] = [];
  readonly prefix = `t${randomUUID().slice(0, 8)}`;

  private constructor(
    readonly database: Database,
    readonly redisUrl: string,
    private readonly environment: Record<string, string>,
  ) {}

  static async start(redisUrl: string, environment: Record<string, string> = {}): Promise<TestPlatform> {
    const testDatabase = await createTestDatabase();
    const database = new Database({ url: testDatabase.url });
    const platform = new TestPlatform(database, redisUrl, { HEARTH_RECONCILE_MS: '50', HEARTH_ASYNC_LEASE_MS: '2000', ...environment });
    platform.#closing.push(
      () => database.close(),
      () => testDatabase.drop(),
    );
    return platform;
  }

  /** One process's share of the platform, with a Redis connection of its own. */
  process(overrides: Partial<InvocationParts> = {}): Invocation {
    const queue = new QueueConnection({ url: this.redisUrl, prefix: this.prefix, logger: this.logger });
    this.#closing.unshift(() => queue.close());
    this.#queues.push(queue);
    return createInvocation({
      database: this.database,
      resolver: this.fleet,
      fleet: this.fleet,
      queue,
      settings: this.settings(),
      clock: systemClock,
      logger: this.logger,
      ...overrides,
    });
  }

  /** @param environment on top of the platform's own */
  settings(environment: Record<string, string> = {}): Settings {
    return loadSettings({ ...this.environment, ...environment });
  }

  /** What is accepted before Redis answers waits for the reconciler; processes wait for Redis at their start. */
  async connected(): Promise<void> {
    await Promise.all(this.#queues.map((queue) => queue.check()));
  }

  async scheduler(process: Invocation = this.process()): Promise<RunningScheduler> {
    const scheduler = await process.startScheduler();
    this.#schedulers.push(scheduler);
    return scheduler;
  }

  async event(id: string): Promise<EventRow | undefined> {
    const { rows } = await this.database.pool.query<EventRow>('SELECT *, (extract(epoch FROM due_at - now()) * 1000)::float8 AS due_in_ms FROM async_events WHERE id = $1', [id]);
    return rows[0];
  }

  async count(status: string): Promise<number> {
    const { rows } = await this.database.pool.query<{ n: number }>('SELECT count(*)::int AS n FROM async_events WHERE status = $1', [status]);
    return rows[0]?.n ?? 0;
  }

  /** Pointers in Redis that nobody finished yet. */
  async waiting(): Promise<number> {
    const redis = new Redis(this.redisUrl);
    try {
      return (await redis.llen(`${this.prefix}:${EVENT_QUEUE}:wait`)) + (await redis.llen(`${this.prefix}:${EVENT_QUEUE}:active`));
    } finally {
      redis.disconnect();
    }
  }

  readonly logger: Logger = {
    debug: (fields, message) => this.#note('debug', fields, message),
    info: (fields, message) => this.#note('info', fields, message),
    warn: (fields, message) => this.#note('warn', fields, message),
    error: (fields, message) => this.#note('error', fields, message),
  };

  async stop(): Promise<void> {
    await Promise.all(this.#schedulers.map((scheduler) => scheduler.stop(500)));
    for (const close of this.#closing) await close();
  }

  #note(level: string, fields: object, message: string): void {
    this.log.push({ level, message, fields: fields as Record<string, unknown> });
  }
}

export function command(functionName: string, overrides: Partial<InvokeCommand> = {}): InvokeCommand {
  return {
    accountId: '000000000000',
    region: 'us-east-1',
    functionName,
    qualifiedByCaller: false,
    invocationType: 'RequestResponse',
    payload: Buffer.from('{}'),
    requestId: randomUUID(),
    wantsLogTail: false,
    ...overrides,
  };
}

/** Waits for a condition; says what it waited for when it does not come. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, deadlineMs = 20_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`waited ${deadlineMs} ms in vain: ${what}`);
    await pause(10);
  }
}

export function redisUrl(): string {
  const url = process.env.HEARTH_TEST_REDIS_URL;
  if (!url) throw new Error('HEARTH_TEST_REDIS_URL is not set: run tests with ./hearth test');
  return url;
}
