import type { LambdaClient } from '@aws-sdk/client-lambda';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deploy, invoke, lambdaClient } from './lambda.js';
import { nativeBootstrap } from './native-binary.js';
import { boto3Environment, bundle, npmPackages, pipPackages } from './packages.js';
import { Platform } from './platform.js';
import { run } from './run.js';
import { filesBelow, zip } from './zip.js';

const INSTALL_MS = 240_000;

describe('what users deploy runs as it is', () => {
  let platform: Platform;
  let client: LambdaClient;
  let project: string;

  beforeAll(async () => {
    platform = await Platform.start();
    client = lambdaClient(platform);
    project = await npmPackages({ hono: '4.13.19', rxjs: '7.8.2', zod: '4.6.7' });
  }, INSTALL_MS);
  afterAll(() => platform?.stop(), 60_000);

  it(
    'a handler with its npm dependencies bundled into one file',
    async () => {
      const code = await bundle(
        project,
        `import { z } from 'zod';
         const Order = z.object({ item: z.string(), count: z.number().int().positive() });
         export const handler = async (event) => {
           const order = Order.safeParse(event);
           return order.success ? { ordered: order.data } : { refused: order.error.issues.map((issue) => issue.path.join('.')) };
         };`,
      );
      await deploy(client, 'bundled', await zip({ 'index.js': code }));
      expect(JSON.parse((await invoke(client, 'bundled', { item: 'tea', count: 2 })).text)).toEqual({ ordered: { item: 'tea', count: 2 } });
      expect(JSON.parse((await invoke(client, 'bundled', { item: 'tea', count: -1 })).text)).toEqual({ refused: ['count'] });
    },
    INSTALL_MS,
  );

  it('an ESM handler with node_modules of more than 500 files, unbundled', async () => {
    const modules = {
      ...(await filesBelow(join(project, 'node_modules/rxjs'), 'node_modules/rxjs')),
      ...(await filesBelow(join(project, 'node_modules/tslib'), 'node_modules/tslib')),
    };
    expect(Object.keys(modules).length).toBeGreaterThan(500);
    const handler = `import { from, lastValueFrom, map, reduce } from 'rxjs';
      export const handler = (event) => lastValueFrom(from(event.numbers).pipe(map((n) => n * n), reduce((sum, n) => sum + n, 0)));`;
    await deploy(client, 'unbundled', await zip({ 'src/sum.mjs': handler, ...modules }), { Handler: 'src/sum.handler', MemorySize: 256 });
    expect((await invoke(client, 'unbundled', { numbers: [1, 2, 3] })).text).toBe('14');
  });

  it('a hono application behind its own Lambda adapter', async () => {
    const code = await bundle(
      project,
      `import { Hono } from 'hono';
       import { handle } from 'hono/aws-lambda';
       const app = new Hono();
       app.get('/hello/:name', (c) => c.json({ hello: c.req.param('name'), agent: c.req.header('user-agent'), page: c.req.query('page') }));
       app.post('/items', async (c) => c.json({ made: await c.req.json() }, 201, { 'x-made': 'yes' }));
       export const handler = handle(app);`,
    );
    await deploy(client, 'web', await zip({ 'index.js': code }), { Runtime: 'nodejs24.x' });
    const request = (method: string, path: string, query: string, body?: string) => ({
      version: '2.0',
      routeKey: '$default',
      rawPath: path,
      rawQueryString: query,
      headers: { host: 'example.org', 'user-agent': 'e2e', 'content-type': 'application/json' },
      requestContext: { accountId: 'anonymous', apiId: 'id', domainName: 'example.org', requestId: 'r', stage: '$default', timeEpoch: 0, http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'e2e' } },
      body,
      isBase64Encoded: false,
    });
    const hello = JSON.parse((await invoke(client, 'web', request('GET', '/hello/world', 'page=2'))).text) as { statusCode: number; body: string };
    expect(hello.statusCode).toBe(200);
    expect(JSON.parse(hello.body)).toEqual({ hello: 'world', agent: 'e2e', page: '2' });
    const made = JSON.parse((await invoke(client, 'web', request('POST', '/items', '', '{"a":"ü"}'))).text) as { statusCode: number; headers: Record<string, string>; body: string };
    expect(made).toMatchObject({ statusCode: 201, headers: { 'x-made': 'yes' } });
    expect(JSON.parse(made.body)).toEqual({ made: { a: 'ü' } });
  });

  it.each(['python3.11', 'python3.13'] as const)(
    '%s with a dependency from PyPI',
    async (runtime) => {
      const dependency = await filesBelow(await pipPackages('humanize==4.12.3'));
      const handler = ['import humanize, sys, logging', 'def main(event, context):', '    print("asked for", event["bytes"])', '    return {"text": humanize.naturalsize(event["bytes"]), "python": "%d.%d" % sys.version_info[:2], "id": context.aws_request_id}', ''].join('\n');
      const name = runtime.replace('.', '-');
      await deploy(client, name, await zip({ 'app.py': handler, ...dependency }), { Runtime: runtime, Handler: 'app.main' });
      const answer = await invoke(client, name, { bytes: 1_500_000 }, { LogType: 'Tail' });
      expect(JSON.parse(answer.text)).toEqual({ text: '1.5 MB', python: runtime.slice(6), id: answer.requestId });
      expect(answer.log).toContain('asked for 1500000\n');
    },
    INSTALL_MS,
  );

  it('a native binary as provided.al2023', async () => {
    await deploy(client, 'native', await zip({ '!bootstrap': await nativeBootstrap() }), { Runtime: 'provided.al2023', Handler: 'none' });
    for (const event of [{ n: 1 }, { n: 2, text: 'ü' }]) {
      const answer = await invoke(client, 'native', event, { LogType: 'Tail' });
      expect(JSON.parse(answer.text)).toEqual({ native: true, echo: event });
      expect(answer.log).toContain(`native code runs ${answer.requestId}\n`);
    }
  }, INSTALL_MS);

  it('a shell script as provided.al2023', async () => {
    const bootstrap = `#!/bin/bash
set -euo pipefail
source "$LAMBDA_TASK_ROOT/\${_HANDLER%%.*}.sh"
while true; do
  headers=$(mktemp)
  event=$(curl -sS -LD "$headers" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next")
  id=$(grep -Fi Lambda-Runtime-Aws-Request-Id "$headers" | tr -d '[:space:]' | cut -d: -f2)
  answer=$("\${_HANDLER##*.}" "$event")
  curl -sS "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" -d "$answer" >/dev/null
done
`;
    const script = 'run() { echo "shell saw $1" >&2; echo "{\\"words\\":$(echo "$1" | wc -w)}"; }\n';
    await deploy(client, 'shell', await zip({ '!bootstrap': bootstrap, 'function.sh': script }), { Runtime: 'provided.al2023', Handler: 'function.run' });
    for (const text of ['one two', 'one two three']) expect(JSON.parse((await invoke(client, 'shell', text)).text)).toEqual({ words: text.split(' ').length });
  });

  it(
    'boto3 deploys and invokes too',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'hearth-boto3-'));
      const env = { ...platform.clientEnvironment(), ...(await boto3Environment()) };
      try {
        await writeFile(join(folder, 'function.zip'), await zip({ 'app.py': 'def handler(event, context):\n    return {"hello": event["name"], "version": context.function_version}\n' }));
        await writeFile(
          join(folder, 'deploy.py'),
          `import boto3, json
client = boto3.client("lambda")
code = open("function.zip", "rb").read()
client.create_function(FunctionName="from-boto3", Role="arn:aws:iam::000000000000:role/service-role/e2e", Runtime="python3.13", Handler="app.handler", Code={"ZipFile": code})
client.get_waiter("function_active_v2").wait(FunctionName="from-boto3", WaiterConfig={"Delay": 1})
answer = client.invoke(FunctionName="from-boto3", Payload=json.dumps({"name": "boto3"}), LogType="Tail")
names = [f["FunctionName"] for page in client.get_paginator("list_functions").paginate() for f in page["Functions"]]
try:
    client.invoke(FunctionName="nope")
    error = None
except client.exceptions.ResourceNotFoundException as e:
    error = e.response["Error"]["Code"]
event = client.invoke(FunctionName="from-boto3", InvocationType="Event", Payload=b"{\\"name\\":1}")
dry = client.invoke(FunctionName="from-boto3", InvocationType="DryRun")
print(json.dumps({"status": answer["StatusCode"], "result": json.load(answer["Payload"]), "listed": "from-boto3" in names, "error": error, "event": event["StatusCode"], "dry": dry["StatusCode"]}))
`,
        );
        expect(JSON.parse(await run('python3', ['deploy.py'], { cwd: folder, env }))).toEqual({
          status: 200,
          result: { hello: 'boto3', version: '$LATEST' },
          listed: true,
          error: 'ResourceNotFoundException',
          event: 202,
          dry: 204,
        });
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    INSTALL_MS,
  );
});
