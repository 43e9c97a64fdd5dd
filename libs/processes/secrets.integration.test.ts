import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { Database } from '@hearth/database';
import { createLogger } from '@hearth/telemetry';
import Docker from 'dockerode';
import { InProcessPlatform, refusal, ROLE, zipOf } from './testing/in-process-platform.js';

/** A function's environment as it may be written: as text, and as a dump shows bytes. */
const forms = (secret: string): string[] => [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64').replace(/=+$/, '').slice(2, -2)];
const MAX_FILE_BYTES = 64 * 1_048_576;
const newSecret = (): string => `canary${randomBytes(12).toString('hex')}`;

describe('environment variables, credentials among them,', () => {
  let platform: InProcessPlatform;
  let lambda: LambdaClient;
  let database: Database;
  let collector: Server;
  const exported: Buffer[] = [];
  const logged: string[] = [];
  const secrets: string[] = [];

  beforeAll(async () => {
    collector = createServer((request, response) => {
      request.on('data', (chunk: Buffer) => exported.push(chunk)).on('end', () => response.end());
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    const destination = new Writable({
      write(chunk: Buffer, _encoding, done) {
        logged.push(chunk.toString());
        done();
      },
    });
    platform = await InProcessPlatform.start(
      { HEARTH_SANDBOX_DRIVER: 'docker', OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`, HEARTH_TRACE_RATIO: '1' },
      createLogger({ service: 'test', level: 'trace', destination }),
    );
    lambda = platform.lambda();
    database = new Database({ url: platform.databaseUrl });
  }, 120_000);

  afterAll(async () => {
    await database?.close();
    await platform?.stop();
    collector.closeAllConnections();
    collector.close();
  }, 60_000);

  function variables(): Record<string, string> {
    const secret = newSecret();
    secrets.push(secret);
    return { SECRET: secret };
  }
  const environment = async (name: string, Qualifier?: string) => (await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier }))).Environment;
  const answer = async (name: string, Qualifier?: string): Promise<string> => JSON.parse(Buffer.from((await lambda.send(new InvokeCommand({ FunctionName: name, Qualifier }))).Payload!).toString());

  it('reach the function and its owner in every version', async () => {
    const code = await zipOf({ 'index.mjs': 'export const handler = async (event) => { if (event.fail) throw new Error("no"); return event.env ? process.env[event.env] : process.env.SECRET; };' });
    const first = variables();
    await lambda.send(new CreateFunctionCommand({ FunctionName: 'f', Runtime: 'nodejs22.x', Handler: 'index.handler', Role: ROLE, Code: { ZipFile: code }, Environment: { Variables: first }, Timeout: 30 }));
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName: 'f' });
    await lambda.send(new PublishVersionCommand({ FunctionName: 'f' }));
    const second = variables();
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Environment: { Variables: second } }));
    await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 30, minDelay: 1 }, { FunctionName: 'f' });
    expect(await answer('f')).toBe(second['SECRET']);
    expect(await answer('f', '1')).toBe(first['SECRET']);
    // The credentials of the role are kept as secret as what users set.
    for (const name of ['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN']) {
      const credential = JSON.parse(Buffer.from((await lambda.send(new InvokeCommand({ FunctionName: 'f', Payload: JSON.stringify({ env: name }) }))).Payload!).toString()) as string;
      expect(credential.length).toBeGreaterThanOrEqual(40);
      secrets.push(credential);
    }
    expect(await environment('f')).toEqual({ Variables: second });
    expect(await environment('f', '1')).toEqual({ Variables: first });
  }, 120_000);

  it('are in no log of the platform, whatever goes wrong', async () => {
    await lambda.send(new InvokeCommand({ FunctionName: 'f', Payload: '{"fail":true}' }));
    const tooLarge = variables();
    expect((await refusal(lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Environment: { Variables: { ...tooLarge, FILL: 'x'.repeat(4_096) } } })))).name).toBe('InvalidParameterValueException');
    expect((await refusal(lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Environment: { Variables: { ...variables(), AWS_REGION: 'x' } } })))).name).toBe('InvalidParameterValueException');
    await lambda.send(new InvokeCommand({ FunctionName: 'f', InvocationType: 'Event', Payload: '{"fail":true}' }));
    const deadline = Date.now() + 30_000;
    while (!logged.join('').includes('"operation":"UpdateFunctionConfiguration"')) {
      if (Date.now() > deadline) throw new Error('The platform wrote no log');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const log = logged.join('');
    for (const secret of secrets) for (const form of forms(secret)) expect(log).not.toContain(form);
  }, 60_000);

  it('are sealed in every table', async () => {
    const { rows: tables } = await database.pool.query<{ name: string }>("SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'");
    expect(tables.length).toBeGreaterThan(5);
    let seen = 0;
    for (const { name } of tables) {
      const { rows } = await database.pool.query<{ text: string }>(`SELECT t::text AS text FROM ${name} t`);
      seen += rows.length;
      for (const { text } of rows) for (const secret of secrets) for (const form of forms(secret)) expect(text).not.toContain(form);
    }
    expect(seen).toBeGreaterThan(3);
    const { rows } = await database.pool.query('SELECT version FROM function_versions WHERE sealed_environment IS NOT NULL ORDER BY version');
    expect(rows).toEqual([{ version: '$LATEST' }, { version: '1' }]);
  });

  it('are in no file of the state directory once the sandboxes run', async () => {
    const entries = await readdir(platform.stateDir, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((each) => each.isFile())) {
      const path = join(entry.parentPath, entry.name);
      if ((await stat(path)).size > MAX_FILE_BYTES) continue; // The images of the functions' own /tmp.
      const content = await readFile(path);
      for (const secret of secrets) expect({ file: entry.name, leaks: content.includes(secret) }).toEqual({ file: entry.name, leaks: false });
    }
  });

  it('are not shown by docker inspect', async () => {
    const docker = new Docker();
    const containers = await docker.listContainers({ all: true });
    const shown = await Promise.all(
      containers.map(({ Id }) =>
        docker.getContainer(Id).inspect().catch((error: { statusCode?: number }) => {
          if (error.statusCode === 404) return {}; // Ended meanwhile; other tests share the engine.
          throw error;
        }),
      ),
    );
    const text = JSON.stringify(shown);
    expect(text).toContain(platform.stateDir.split('/').at(-1));
    for (const secret of secrets) for (const form of forms(secret)) expect(text).not.toContain(form);
  });

  it('are in no trace or metric', async () => {
    const deadline = Date.now() + 30_000;
    while (!exported.some((chunk) => chunk.includes('Invoke f'))) {
      if (Date.now() > deadline) throw new Error('No trace arrived');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const all = Buffer.concat(exported).toString('latin1');
    for (const secret of secrets) for (const form of forms(secret)) expect(all).not.toContain(form);
  }, 60_000);
});
