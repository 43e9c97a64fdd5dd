import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { projectRoot } from '@hearth/kernel';
import type { FunctionSpec, InvocationOutcome, InvocationRequest } from '../function-spec.js';
import type { LogSink } from '../log-sink.js';
import type { PoolLimits } from '../pool/capacity.js';
import { SandboxPool, type SandboxPoolOptions } from '../pool/sandbox-pool.js';
import type { SandboxDriver, SandboxOrder } from '../sandbox-driver.js';

const FUNCTIONS = join(projectRoot(), 'libs/sandbox/testing/functions');

export const TEST_LIMITS: PoolLimits = { maxSandboxes: 20, maxStarts: 2, memoryMb: 8_192, idleMs: 60_000, freezeAfterMs: 5, queueMs: 60_000 };

/** What a test gives the pool. */
type PoolParts = Partial<Pick<SandboxPoolOptions, 'codeDirectory' | 'credentials' | 'briefWaits' | 'availableMemoryMb' | 'embers'>>;

/** A pool over a driver under test, with its log kept and everything removable. */
export class Bench {
  private constructor(
    readonly stateDirectory: string,
    readonly driver: SandboxDriver,
    readonly pool: SandboxPool,
    /** Everything the sink was given. */
    readonly lines: string[],
    /** What the operator was told. */
    readonly reports: string[],
    /** Every first invocation waits for an ember to be there. */
    private readonly waitsForEmbers: boolean,
  ) {}

  private readonly seen = new Set<string>();

  static async open(make: (place: DriverPlace) => SandboxDriver, limits: Partial<PoolLimits> = {}, stateDirectory?: string, parts: PoolParts = {}): Promise<Bench> {
    const directory = stateDirectory ?? (await mkdtemp(join(tmpdir(), 'hearth-sandbox-')));
    const reports: string[] = [];
    const report = (message: string): void => void reports.push(message);
    const lines: string[] = [];
    const logSink: LogSink = { write: (_spec, _stream, records) => void lines.push(...records.map((record) => record.text)) };
    const driver = make({ stateDirectory: directory, incarnation: randomUUID().slice(0, 8), report });
    const pool = new SandboxPool({
      driver,
      codeDirectory: async (digest) => join(FUNCTIONS, digest),
      layersDirectory: async ([digest]) => join(FUNCTIONS, digest!),
      logSink,
      ...parts,
      limits: { ...TEST_LIMITS, ...limits },
      report,
    });
    await pool.start();
    const places = limits.maxSandboxes ?? TEST_LIMITS.maxSandboxes;
    return new Bench(directory, driver, pool, lines, reports, parts.embers !== undefined && places >= 4);
  }

  async invoke(spec: FunctionSpec, event: unknown, signal?: AbortSignal): Promise<InvocationOutcome> {
    if (this.waitsForEmbers && !this.seen.has(spec.sandboxKey)) await until(() => this.pool.stats().embers.ready > 0, 'an ember');
    this.seen.add(spec.sandboxKey);
    return this.pool.invoke(requestFor(spec, event), signal);
  }

  async close(): Promise<void> {
    await this.pool.stop();
    await rm(this.stateDirectory, { recursive: true, force: true });
  }
}

export interface DriverPlace {
  stateDirectory: string;
  incarnation: string;
  report(message: string): void;
}

export function specFor(code: string, changes: Partial<FunctionSpec> = {}): FunctionSpec {
  return {
    accountId: '000000000000',
    region: 'us-east-1',
    functionName: `probe-${randomUUID().slice(0, 8)}`,
    version: '$LATEST',
    sandboxKey: randomUUID(),
    runtime: 'nodejs22.x',
    handler: 'index.handler',
    role: 'arn:aws:iam::000000000000:role/probe',
    memoryMb: 256,
    timeoutSeconds: 20,
    ephemeralStorageMb: 512,
    architecture: 'x86_64',
    environment: {},
    codeDigest: code,
    logFormat: 'Text',
    logGroup: '/aws/lambda/probe',
    ...changes,
  };
}

/** What a pool would ask a driver for. */
export function orderFor(spec: FunctionSpec): SandboxOrder {
  return { id: randomUUID().replaceAll('-', ''), spec, codePath: join(FUNCTIONS, spec.codeDigest), logStream: 'stream', onLog: () => undefined };
}

export function requestFor(spec: FunctionSpec, event: unknown): InvocationRequest {
  return {
    requestId: randomUUID(),
    spec,
    payload: Buffer.from(JSON.stringify(event)),
    invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${spec.functionName}`,
    traceHeader: 'Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0',
  };
}

export function answerOf(outcome: InvocationOutcome): any {
  return JSON.parse(Buffer.from(outcome.payload).toString('utf8'));
}

/** Waits for a condition instead of a time. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, limitMs = 20_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
