import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchLogsClient, paginateFilterLogEvents, ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { projectRoot } from '@hearth/kernel';
import { Redis } from 'ioredis';
import pg from 'pg';
import { freePort } from './free-port.js';
import { until } from './until.js';

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 30_000;
/** Without it nothing that a function prints is stored. */
const BASIC_EXECUTION = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

/**
 * A real platform as an operator would start it: its own process group member, state directory, database and Redis database.
 * Nothing of the platform's code is imported.
 */
export class Platform {
  credentials: Credentials = { accessKeyId: '', secretAccessKey: '' };
  private child: ChildProcess | undefined;

  private constructor(
    readonly endpoint: string,
    readonly stateDir: string,
    readonly databaseUrl: string,
    private readonly environment: Record<string, string>,
  ) {}

  /** @param env further settings, for instance HEARTH_ASYNC_RETRY_DELAYS_MS */
  static async start(env: Record<string, string> = {}): Promise<Platform> {
    const stateDir = await mkdtemp(join(tmpdir(), 'hearth-e2e-'));
    await chmod(stateDir, 0o755);
    const port = await freePort();
    const platform = new Platform(`http://127.0.0.1:${port}`, stateDir, await createDatabase(), {
      HEARTH_REDIS_PREFIX: `hearth-e2e-${randomUUID()}`,
      HEARTH_HOST: '127.0.0.1',
      HEARTH_PORT: String(port),
      HEARTH_METRICS_PORT: String(await freePort()),
      HEARTH_INGRESS_PORT: String(await freePort()),
      HEARTH_STATE_DIR: stateDir,
      HEARTH_PROFILE_DIR: join(stateDir, 'profile'),
      HEARTH_WORKER_PORT: '0',
      ...env,
    });
    try {
      await platform.boot();
      await platform.createExecutionRole();
    } catch (error) {
      await platform.stop();
      throw error;
    }
    return platform;
  }

  /** The role that deploy() gives to functions. */
  private async createExecutionRole(): Promise<void> {
    const iam = new IAMClient({ endpoint: this.endpoint, region: 'us-east-1', credentials: this.credentials });
    const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] };
    await iam.send(new CreateRoleCommand({ Path: '/service-role/', RoleName: 'e2e', AssumeRolePolicyDocument: JSON.stringify(trust) }));
    await iam.send(new AttachRolePolicyCommand({ RoleName: 'e2e', PolicyArn: BASIC_EXECUTION }));
    iam.destroy();
  }

  get metricsUrl(): string {
    return `http://127.0.0.1:${this.environment.HEARTH_METRICS_PORT}/metrics`;
  }

  /** The process id of the platform. */
  get pid(): number {
    return this.child?.pid as number;
  }

  /** Variables with which `aws` and the SDKs find this platform. */
  clientEnvironment(): Record<string, string> {
    return {
      AWS_ACCESS_KEY_ID: this.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: this.credentials.secretAccessKey,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: this.endpoint,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
  }

  async kill9(): Promise<void> {
    const child = this.child as ChildProcess;
    this.child = undefined;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Starts the platform again on the same state. */
  async restart(): Promise<void> {
    if (this.child !== undefined) await this.terminate();
    await this.boot();
  }

  async query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client({ connectionString: this.databaseUrl });
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** What a function logged, oldest first. */
  async functionLog(functionName: string): Promise<string[]> {
    const logs = this.logs();
    try {
      const texts: string[] = [];
      for await (const page of paginateFilterLogEvents({ client: logs }, { logGroupName: `/aws/lambda/${functionName}` })) texts.push(...(page.events ?? []).map(({ message }) => message!.replace(/\n$/, '')));
      return texts;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return []; // Nothing was logged yet.
      throw error;
    } finally {
      logs.destroy();
    }
  }

  /** The unmodified AWS SDK, pointed at the platform. */
  logs(): CloudWatchLogsClient {
    return new CloudWatchLogsClient({ endpoint: this.endpoint, region: 'us-east-1', credentials: this.credentials, maxAttempts: 1 });
  }

  async stop(): Promise<void> {
    if (this.child !== undefined) await this.terminate();
    await forgetRedisKeys(this.environment.HEARTH_REDIS_PREFIX as string);
    await dropDatabase(this.databaseUrl);
    await rm(this.stateDir, { recursive: true, force: true });
  }

  private async boot(): Promise<void> {
    const child = spawn(process.execPath, ['dist/apps/hearth/src/main.js'], {
      cwd: projectRoot(),
      env: { ...inherited(), ...this.environment, DATABASE_URL: this.databaseUrl, REDIS_URL: required('HEARTH_TEST_REDIS_URL') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    const log = createWriteStream(join(this.stateDir, 'platform.log'), { flags: 'a' });
    child.stdout?.pipe(log, { end: false });
    child.stderr?.pipe(log, { end: false });
    await until('the platform answers on /_hearth/health', START_DEADLINE_MS, async () => {
      if (child.exitCode !== null) throw new Error(`The platform ended with status ${child.exitCode}:\n${await this.tail()}`);
      return fetch(`${this.endpoint}/_hearth/health`).then(
        (response) => response.ok,
        () => false, // Not listening yet.
      );
    }).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${await this.tail()}`, { cause: error });
    });
    this.credentials = parseCredentials(await readFile(join(this.environment.HEARTH_PROFILE_DIR as string, 'credentials'), 'utf8'));
  }

  private async tail(): Promise<string> {
    return (await readFile(join(this.stateDir, 'platform.log'), 'utf8')).slice(-4_000);
  }

  private async terminate(): Promise<void> {
    const child = this.child as ChildProcess;
    this.child = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
    child.kill('SIGTERM');
    await exited;
    clearTimeout(timer);
  }
}

function parseCredentials(text: string): Credentials {
  const value = (name: string) => new RegExp(`^${name}\\s*=\\s*(\\S+)$`, 'm').exec(text)?.[1];
  const accessKeyId = value('aws_access_key_id');
  const secretAccessKey = value('aws_secret_access_key');
  if (accessKeyId === undefined || secretAccessKey === undefined) throw new Error('The profile file holds no key');
  return { accessKeyId, secretAccessKey };
}

/** The test run's environment without what would change how Node boots or how the platform behaves. */
function inherited(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) => !/^(HEARTH_|AWS_|NODE_|JEST_|OTEL_)/.test(name));
  return Object.fromEntries(entries) as Record<string, string>;
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run tests with ./hearth test`);
  return value;
}

async function onServer(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: required('HEARTH_TEST_DATABASE_URL') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function createDatabase(): Promise<string> {
  const name = `hearth_e2e_${randomUUID().replaceAll('-', '')}`;
  await onServer(`CREATE DATABASE "${name}"`);
  const url = new URL(required('HEARTH_TEST_DATABASE_URL'));
  url.pathname = `/${name}`;
  return url.href;
}

async function dropDatabase(url: string): Promise<void> {
  await onServer(`DROP DATABASE IF EXISTS "${new URL(url).pathname.slice(1)}" WITH (FORCE)`);
}

async function forgetRedisKeys(prefix: string): Promise<void> {
  const redis = new Redis(required('HEARTH_TEST_REDIS_URL'));
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    if ((keys as string[]).length > 0) await redis.unlink(keys as string[]);
  }
  redis.disconnect();
}
