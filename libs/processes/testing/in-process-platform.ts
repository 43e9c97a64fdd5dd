import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { loadSettings } from '@hearth/config';
import { createTestDatabase } from '@hearth/database';
import { startTelemetry, type Logger } from '@hearth/telemetry';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import { ZipFile } from 'yazl';
import { ApiEndpoint, ControlPlaneModule } from '../control-plane.module.js';
import { LocalFleetModule } from '../fleet.module.js';
import { Ingress } from '../ingress.module.js';
import { InvocationModule } from '../invocation.module.js';
import { PlatformModule } from '../platform.module.js';
import { SchedulerModule } from '../scheduler.module.js';

/** The role `test`, which Lambda may assume. */
async function createRole(endpoint: string, credentials: { accessKeyId: string; secretAccessKey: string }): Promise<void> {
  const iam = new IAMClient({ endpoint, region: 'us-east-1', credentials });
  const trust = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }] };
  await iam.send(new CreateRoleCommand({ RoleName: 'test', AssumeRolePolicyDocument: JSON.stringify(trust) }));
  await iam.send(new AttachRolePolicyCommand({ RoleName: 'test', PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole' }));
  iam.destroy();
}

@Module({})
class TestModule {}

export const ROLE = 'arn:aws:iam::000000000000:role/test';

/** The all-in-one process, composed as in production, inside the test's own: real Postgres, Redis and sandboxes, a port of its own. */
export class InProcessPlatform {
  private constructor(
    private readonly app: INestApplicationContext,
    readonly endpoint: string,
    readonly databaseUrl: string,
    readonly stateDir: string,
    readonly credentials: { accessKeyId: string; secretAccessKey: string },
    private readonly close: () => Promise<void>,
  ) {}

  /**
   * @param environment further settings
   * @param logger instead of one on standard output
   */
  static async start(environment: Record<string, string> = {}, logger?: Logger): Promise<InProcessPlatform> {
    const stateDir = await mkdtemp(join(tmpdir(), 'hearth-process-'));
    await chmod(stateDir, 0o755); // Functions run under other users.
    const database = await createTestDatabase();
    const redisPrefix = `hearth-process-${randomUUID()}`;
    const settings = loadSettings({
      DATABASE_URL: database.url,
      REDIS_URL: process.env.HEARTH_TEST_REDIS_URL,
      HEARTH_REDIS_PREFIX: redisPrefix,
      HEARTH_STATE_DIR: stateDir,
      HEARTH_PORT: '0',
      HEARTH_INGRESS_PORT: '0',
      HEARTH_METRICS_PORT: '0',
      HEARTH_SANDBOX_DRIVER: 'process',
      HEARTH_LOG_LEVEL: 'error',
      ...environment,
    });
    const telemetry = await startTelemetry({ service: 'hearth', settings, incarnation: randomUUID(), logger });
    const invocation = InvocationModule.over(LocalFleetModule);
    const imports = [PlatformModule.forRoot(settings, telemetry), ControlPlaneModule.using(invocation), SchedulerModule.using(invocation)];
    const app = await NestFactory.createApplicationContext({ module: TestModule, imports }, { logger: false, abortOnError: false });
    const { endpoint, administrator } = await app.get(ApiEndpoint).open();
    const profile = await readFile(administrator.credentialsFile, 'utf8');
    const value = (name: string): string => new RegExp(`^${name}\\s*=\\s*(\\S+)$`, 'm').exec(profile)![1]!;
    const credentials = { accessKeyId: value('aws_access_key_id'), secretAccessKey: value('aws_secret_access_key') };
    await createRole(endpoint, credentials);
    return new InProcessPlatform(app, endpoint, database.url, stateDir, credentials, async () => {
      await app.close();
      await telemetry.shutdown();
      await forgetRedisKeys(redisPrefix);
      await database.drop();
      await rm(stateDir, { recursive: true, force: true });
    });
  }

  /** `http://127.0.0.1:PORT` of the ingress. */
  get ingress(): string {
    return `http://127.0.0.1:${this.app.get(Ingress).port}`;
  }

  get<T>(token: symbol | (new (...parameters: never[]) => T)): T {
    return this.app.get(token as symbol) as T;
  }

  /** The unmodified AWS SDK. */
  lambda(): LambdaClient {
    return new LambdaClient({ endpoint: this.endpoint, region: 'us-east-1', credentials: this.credentials, maxAttempts: 1 });
  }

  async stop(): Promise<void> {
    await this.close();
  }
}

export function zipOf(files: Record<string, string>): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, text] of Object.entries(files)) zip.addBuffer(Buffer.from(text), name, { mtime: new Date(0) });
  zip.end();
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    zip.outputStream.on('data', (part: Buffer) => parts.push(part));
    zip.outputStream.on('end', () => resolve(Buffer.concat(parts)));
    zip.outputStream.on('error', reject);
  });
}

/** Name, status and text of what a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<{ name: string; status: number | undefined; message: string }> {
  try {
    await call;
  } catch (error) {
    const seen = error as { name: string; message: string; $metadata?: { httpStatusCode?: number } };
    return { name: seen.name, status: seen.$metadata?.httpStatusCode, message: seen.message };
  }
  throw new Error('The call was not refused');
}

async function forgetRedisKeys(prefix: string): Promise<void> {
  const redis = new Redis(process.env.HEARTH_TEST_REDIS_URL as string);
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    if ((keys as string[]).length > 0) await redis.unlink(keys as string[]);
  }
  redis.disconnect();
}
