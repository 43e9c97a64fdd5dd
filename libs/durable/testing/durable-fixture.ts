import { randomUUID } from 'node:crypto';
import type { OperationContext } from '@hearth/aws-wire';
import type { InvocableVersion } from '@hearth/catalogue';
import { command, EventWaker, redisUrl, TestPlatform, until, type Invocation, type InvokeAnswer, type InvokeCommand, type RunningScheduler } from '@hearth/invocation';
import { parseDurableExecutionArn } from '@hearth/kernel';
import { QueueConnection } from '@hearth/queue';
import { createDurable, type Durable } from '../create-durable.js';
import type { OperationUpdate } from '../operation.js';

const CONTEXT: OperationContext = { accountId: '000000000000', region: 'us-east-1', principalArn: 'arn:aws:iam::000000000000:root', requestId: randomUUID(), baseUrl: 'http://localhost' };

/** The event that a durable function gets. */
export interface DurableEvent {
  DurableExecutionArn: string;
  CheckpointToken: string;
  UpdatedOperationIds?: string[];
  InitialExecutionState: { Operations: ShownOperation[]; NextMarker?: string };
}

export interface ShownOperation {
  Id: string;
  Type: string;
  Status: string;
  ExecutionDetails?: { InputPayload: string };
  StepDetails?: { Attempt: number; Result?: string };
  CallbackDetails?: { CallbackId: string; Result?: string };
  ChainedInvokeDetails?: { Result?: string; Error?: { ErrorMessage?: string } };
}

export type DurableHandler = (event: DurableEvent, checkpoints: Checkpoints) => unknown;

/** One invocation's checkpoints, one after the other, as an SDK makes them. */
export class Checkpoints {
  constructor(
    private readonly api: Durable,
    private readonly arn: string,
    public token: string,
  ) {}

  async take(updates: OperationUpdate[], options: { ClientToken?: string; CheckpointToken?: string } = {}): Promise<ShownOperation[]> {
    const answer = await this.api.operations['CheckpointDurableExecution']!({ DurableExecutionArn: this.arn, CheckpointToken: this.token, Updates: updates, ...options }, CONTEXT);
    if (answer['CheckpointToken'] !== undefined) this.token = answer['CheckpointToken'] as string;
    return (answer['NewExecutionState'] as { Operations: ShownOperation[] }).Operations;
  }
}

/** Durable executions on a real Postgres and a real Redis; functions are JavaScript of the test that speaks the protocol itself. */
export class DurableFixture {
  readonly #queues: QueueConnection[] = [];
  readonly #opened: Durable[] = [];
  readonly durable: Durable;
  readonly invocation: Invocation;

  private constructor(readonly platform: TestPlatform) {
    const main = this.process();
    this.durable = main.durable;
    this.invocation = main.invocation;
  }

  static async start(environment: Record<string, string> = {}): Promise<DurableFixture> {
    return new DurableFixture(await TestPlatform.start(redisUrl(), environment));
  }

  /** A further process: its own connection to Redis, the same Postgres. */
  process(): { durable: Durable; invocation: Invocation } {
    const { platform } = this;
    const queue = new QueueConnection({ url: platform.redisUrl, prefix: platform.prefix, logger: platform.logger });
    this.#queues.push(queue);
    const durable = createDurable({ database: platform.database, resolver: platform.fleet, waker: new EventWaker(platform.database, queue, 50, platform.logger), logger: platform.logger });
    this.#opened.push(durable);
    return { durable, invocation: platform.process({ durable: durable.executions }) };
  }

  scheduler(invocation: Invocation = this.invocation): Promise<RunningScheduler> {
    return this.platform.scheduler(invocation);
  }

  define(name: string, handler: DurableHandler, durable: InvocableVersion['durable'] = { executionTimeoutSeconds: 60, retentionDays: 1 }, functionId: string = randomUUID(), concurrency?: InvocableVersion['concurrency']): void {
    this.platform.fleet.define(
      name,
      (request) => {
        const event = JSON.parse(Buffer.from(request.payload).toString()) as DurableEvent;
        return handler(event, new Checkpoints(this.durable, event.DurableExecutionArn, event.CheckpointToken));
      },
      { durable, functionId, ...(concurrency && { concurrency }) },
    );
  }

  invoke(functionName: string, input: unknown = {}, overrides: Partial<InvokeCommand> = {}): Promise<InvokeAnswer> {
    return this.invocation.service.invoke(command(functionName, { qualifier: '$LATEST', qualifiedByCaller: true, payload: Buffer.from(JSON.stringify(input)), ...overrides }));
  }

  /** Asynchronously. @returns the execution's ARN */
  async begin(functionName: string, input: unknown = {}, overrides: Partial<InvokeCommand> = {}): Promise<string> {
    const { durableExecutionArn } = await this.invoke(functionName, input, { invocationType: 'Event', ...overrides });
    return durableExecutionArn!;
  }

  /** An operation of the API. */
  async call<T = Record<string, any>>(operation: string, input: Record<string, unknown>): Promise<T> {
    return (await this.durable.operations[operation]!(input, CONTEXT)) as T;
  }

  async status(arn: string): Promise<string> {
    return (await this.call('GetDurableExecution', { DurableExecutionArn: arn }))['Status'] as string;
  }

  untilStatus(arn: string, status: string): Promise<void> {
    return until(`${arn} is ${status}`, async () => (await this.status(arn)) === status);
  }

  async historyTypes(arn: string): Promise<string[]> {
    const { Events } = await this.call('GetDurableExecutionHistory', { DurableExecutionArn: arn, MaxItems: 1_000 });
    return (Events as { EventType: string }[]).map(({ EventType }) => EventType);
  }

  /** How often its function ran. */
  runs(arn: string): number {
    return this.platform.fleet.executions.filter(({ payload }) => payload.includes(arn)).length;
  }

  async row(arn: string): Promise<Record<string, any> | undefined> {
    const { rows } = await this.platform.database.pool.query('SELECT * FROM durable_executions WHERE id = $1', [parseDurableExecutionArn(arn)!.id]);
    return rows[0] as Record<string, any> | undefined;
  }

  async stop(): Promise<void> {
    for (const durable of this.#opened) await durable.close();
    for (const queue of this.#queues) await queue.close();
    await this.platform.stop();
  }
}

export async function refusal(call: Promise<unknown>): Promise<{ code: string; status: number; message: string }> {
  try {
    await call;
  } catch (error) {
    const { code, status, message } = error as { code: string; status: number; message: string };
    return { code, status, message };
  }
  throw new Error('The call was not refused');
}
