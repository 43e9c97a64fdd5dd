import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskPackageStore } from '@hearth/artifacts';
import Docker from 'dockerode';
import { ZipFile } from 'yazl';
import { DockerDriver } from '../drivers/docker-driver.js';
import { ProcessDriver } from '../drivers/process-driver.js';
import type { FunctionSpec } from '../function-spec.js';
import { SandboxPool } from '../pool/sandbox-pool.js';
import { RuntimeCatalogue } from '../runtime-catalogue.js';
import type { SandboxDriver } from '../sandbox-driver.js';
import { answerOf, requestFor, specFor, TEST_LIMITS, until, type DriverPlace } from '../testing/bench.js';

const docker = new Docker();
const catalogue = RuntimeCatalogue.load();

/** What the extensions of these tests have in common: the API, without any library. */
const API = `#!/var/lang/bin/node
const http = require('node:http');
const { basename } = require('node:path');
const name = basename(__filename);
const call = (method, path, headers = {}, body) => new Promise((resolve, reject) => {
  const request = http.request('http://' + process.env.AWS_LAMBDA_RUNTIME_API + path, { method, headers, agent: false }, (response) => {
    let text = '';
    response.on('data', (chunk) => (text += chunk));
    response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: JSON.parse(text) }));
  });
  request.on('error', reject);
  request.end(body && JSON.stringify(body));
});
const register = (events, headers = {}) => call('POST', '/2020-01-01/extension/register', { 'Lambda-Extension-Name': name, ...headers }, { events });
const next = (id) => call('GET', '/2020-01-01/extension/event/next', { 'Lambda-Extension-Identifier': id });
`;

/** Says on its output what it gets, and at the end which telemetry it was sent. */
const OBSERVER = `${API}
(async () => {
  const telemetry = [];
  http.createServer((request, response) => {
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => { telemetry.push(...JSON.parse(text)); response.end(); });
  }).listen(8080, 'sandbox.localdomain');
  const registered = await register(['INVOKE', 'SHUTDOWN'], { 'Lambda-Extension-Accept-Feature': 'accountId' });
  const id = registered.headers['lambda-extension-identifier'];
  console.log('registered ' + JSON.stringify(registered.body));
  console.log('environment ' + Object.keys(process.env).filter((name) => /LAMBDA|HEARTH|_HANDLER/.test(name)).sort().join(' '));
  const subscribed = await call('PUT', '/2022-07-01/telemetry', { 'Lambda-Extension-Identifier': id }, { schemaVersion: '2022-12-13', types: ['platform', 'function', 'extension'],
    destination: { protocol: 'HTTP', URI: 'http://sandbox.localdomain:8080' }, buffering: { timeoutMs: 25 } });
  console.log('subscribed ' + JSON.stringify(subscribed.body));
  for (;;) {
    const { body: event, headers } = await next(id);
    console.log('event ' + JSON.stringify(event));
    if (event.eventType === 'SHUTDOWN') {
      const has = () => telemetry.some(({ type }) => type === 'platform.report' );
      while (!has()) await new Promise((resolve) => setTimeout(resolve, 10));
      console.log('telemetry ' + JSON.stringify(telemetry));
      process.exit(0);
    }
    if (process.env.PAUSE_MS) await new Promise((resolve) => setTimeout(resolve, Number(process.env.PAUSE_MS)));
  }
})();`;

const FUNCTION = `
console.log('static code');
process.on('SIGTERM', () => { console.log('told to end'); process.exit(0); });
exports.handler = async (event) => {
  console.log('in the handler');
  if (event.exit) process.exit(3);
  if (event.never) await new Promise(() => setInterval(() => undefined, 1000));
  return process.env.AWS_LAMBDA_RUNTIME_API;
};`;

class ExtensionBench {
  readonly lines: string[] = [];

  private constructor(
    readonly root: string,
    readonly packages: DiskPackageStore,
  ) {}

  pool!: SandboxPool;

  static async open(make: (place: DriverPlace) => SandboxDriver): Promise<ExtensionBench> {
    const root = await mkdtemp(join(tmpdir(), 'hearth-extensions-'));
    const bench = new ExtensionBench(root, new DiskPackageStore({ root: join(root, 'packages') }));
    bench.pool = new SandboxPool({
      driver: make({ stateDirectory: root, incarnation: randomUUID().slice(0, 8), report: () => undefined }),
      codeDirectory: (digest) => bench.packages.directory(digest),
      layersDirectory: (digests) => bench.packages.layers(digests),
      logSink: { write: (_spec, _stream, lines) => void bench.lines.push(...lines.map(({ text }) => text)) },
      limits: { ...TEST_LIMITS, maxStarts: 4 },
      report: () => undefined,
    });
    await bench.pool.start();
    return bench;
  }

  async store(files: Record<string, string>, modes: Record<string, number> = {}): Promise<string> {
    const zip = new ZipFile();
    for (const [path, content] of Object.entries(files))
      zip.addBuffer(Buffer.from(content), path, { mtime: new Date(0), mode: modes[path] ?? 0o100755 });
    zip.end();
    const parts: Buffer[] = [];
    for await (const part of zip.outputStream) parts.push(part as Buffer);
    return (await this.packages.put(Buffer.concat(parts))).digest;
  }

  async spec(
    extensions: Record<string, string>,
    changes: Partial<FunctionSpec> = {},
    code = FUNCTION,
    file = 'index.js',
  ): Promise<FunctionSpec> {
    const layer = Object.fromEntries(Object.entries(extensions).map(([name, text]) => [`extensions/${name}`, text]));
    const layers = Object.keys(layer).length > 0 ? { layers: [await this.store(layer)] } : {};
    return specFor(await this.store({ [file]: code }), { ...layers, ...changes });
  }

  /** What an extension said after this word, as JSON. */
  said(word: string): any[] {
    return this.lines.filter((line) => line.startsWith(`${word} `)).map((line) => JSON.parse(line.slice(word.length + 1)));
  }

  async close(): Promise<void> {
    await this.pool.stop();
    await rm(this.root, { recursive: true, force: true });
  }
}

let bench: ExtensionBench;
beforeEach(async () => {
  bench = await ExtensionBench.open(
    (place) => new DockerDriver({ ...place, docker, catalogue, labels: { 'hearth.test': 'ext' } }),
  );
});
afterEach(() => bench.close());

describe('an external extension', () => {
  it('gets INVOKE, telemetry of all streams and SHUTDOWN, in an environment of its own', async () => {
    const spec = await bench.spec({ observer: OBSERVER });
    const request = requestFor(spec, {});
    const outcome = await bench.pool.invoke(request);
    expect(outcome).toMatchObject({ status: 'success', coldStart: true });
    expect(answerOf(outcome)).toBe('127.0.0.1:9001');
    await until(() => bench.pool.stats().states.idle === 1, 'the extension is through');
    bench.pool.retire(() => true);
    await until(() => bench.said('telemetry').length === 1, 'the extension has shut down');

    expect(bench.said('registered')).toEqual([
      { functionName: spec.functionName, functionVersion: '$LATEST', handler: 'index.handler', accountId: '000000000000' },
    ]);
    expect(bench.said('subscribed')).toEqual(['OK']);
    expect(bench.lines.some((line) => line.endsWith('\ttold to end'))).toBe(true);
    const [invoke, shutdown] = bench.said('event');
    expect(invoke).toEqual({
      eventType: 'INVOKE',
      deadlineMs: expect.any(Number),
      requestId: request.requestId,
      invokedFunctionArn: request.invokedFunctionArn,
      tracing: { type: 'X-Amzn-Trace-Id', value: request.traceHeader },
    });
    expect(shutdown).toEqual({ eventType: 'SHUTDOWN', shutdownReason: 'spindown', deadlineMs: expect.any(Number) });
    const environment = bench.lines.find((line) => line.startsWith('environment '));
    expect(environment).toBe(
      'environment AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_FORMAT AWS_LAMBDA_RUNTIME_API',
    );

    const [telemetry] = bench.said('telemetry') as { time: string; type: string; record: any }[][];
    const types = telemetry!.map(({ type }) => type);
    for (const type of [
      'platform.initStart',
      'platform.telemetrySubscription',
      'platform.extension',
      'platform.initRuntimeDone',
      'platform.initReport',
      'platform.start',
      'platform.runtimeDone',
      'platform.report',
    ])
      expect(types.filter((one) => one === type)).toHaveLength(1);
    expect(telemetry!.filter(({ type }) => type === 'function').map(({ record }) => record.split('\t').at(-1))).toEqual([
      'static code',
      'in the handler',
      'told to end',
    ]);
    expect(telemetry!.some(({ type, record }) => type === 'extension' && record.startsWith('registered '))).toBe(true);
    expect(telemetry!.find(({ type }) => type === 'platform.start')!.record).toEqual({
      requestId: request.requestId,
      version: '$LATEST',
      tracing: { spanId: '0000000000000000', type: 'X-Amzn-Trace-Id', value: request.traceHeader },
    });
    expect(bench.lines).toContain('EXTENSION\tName: observer\tState: Ready\tEvents: [INVOKE, SHUTDOWN]');
    expect(bench.lines).toContain('TELEMETRY\tName: observer\tState: Subscribed\tTypes: [platform, function, extension]');
  });

  it('does not hold the answer back, and the sandbox serves again when the extension is through', async () => {
    const spec = await bench.spec({ observer: OBSERVER }, { environment: { PAUSE_MS: '400' } });
    const outcome = await bench.pool.invoke(requestFor(spec, {}));
    expect(outcome.status).toBe('success');
    expect(outcome.durationMs).toBeLessThan(400);
    expect(bench.pool.stats().states).toMatchObject({ busy: 1, idle: 0 });
    await until(() => bench.pool.stats().states.idle === 1, 'the extension is through');
    const report = bench.lines.find((line) => line.startsWith('REPORT '))!;
    expect(Number(/\tPost Runtime Extensions Duration: ([\d.]+) ms\t/.exec(report)![1])).toBeGreaterThan(300);
    expect(Number(/\tBilled Duration: (\d+) ms\t/.exec(report)![1])).toBeGreaterThan(outcome.billedDurationMs + 300);
    expect(await bench.pool.invoke(requestFor(spec, {}))).toMatchObject({ status: 'success', coldStart: false });
  });

  it('that is still busy at the timeout ends the sandbox, not the answer', async () => {
    const spec = await bench.spec({ observer: OBSERVER }, { environment: { PAUSE_MS: '1500' }, timeoutSeconds: 1 });
    expect((await bench.pool.invoke(requestFor(spec, {}))).status).toBe('success');
    await until(() => bench.lines.some((line) => /^REPORT .*\tStatus: timeout\t$/.test(line)), 'the timeout is reported');
    await until(() => bench.said('event').length === 2, 'the extension hears of the end');
    expect(bench.said('event')[1]).toMatchObject({ eventType: 'SHUTDOWN', shutdownReason: 'timeout' });
    await until(() => bench.pool.stats().states.busy + bench.pool.stats().states.draining === 0, 'the sandbox is gone');
  });

  it('hears why the environment ends: timeout and failure', async () => {
    const spec = await bench.spec({ observer: OBSERVER }, { timeoutSeconds: 1 });
    expect((await bench.pool.invoke(requestFor(spec, { never: true }))).status).toBe('timeout');
    await until(() => bench.said('telemetry').length === 1, 'the first has shut down');
    const exited = await bench.pool.invoke(requestFor(spec, { exit: true }));
    expect(answerOf(exited)).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(/exit status 3$/),
    });
    await until(() => bench.said('telemetry').length === 2, 'the second has shut down');
    const reasons = bench
      .said('event')
      .filter(({ eventType }) => eventType === 'SHUTDOWN')
      .map(({ shutdownReason }) => shutdownReason);
    expect(reasons).toEqual(['timeout', 'failure']);
  });

  it('is killed when its time to shut down is up, and so is a runtime that will not end', async () => {
    const deaf = `${API}(async () => {
      const id = (await register(['SHUTDOWN'])).headers['lambda-extension-identifier'];
      const { body } = await next(id);
      console.log('shutdown ' + JSON.stringify(body));
      setInterval(() => undefined, 1000);
    })();`;
    const stubborn = "process.on('SIGTERM', () => console.log('not me')); exports.handler = async () => 'fine';";
    const spec = await bench.spec({ deaf }, {}, stubborn);
    await bench.pool.invoke(requestFor(spec, {}));
    await until(() => bench.pool.stats().states.idle === 1, 'the sandbox is idle');
    const retiredAt = Date.now();
    bench.pool.retire(() => true);
    await until(() => bench.said('shutdown').length === 1, 'the extension hears of the end');
    expect(Date.now() - retiredAt).toBeGreaterThanOrEqual(300);
    const deadline: number = bench.said('shutdown')[0].deadlineMs;
    expect(deadline - retiredAt).toBeGreaterThanOrEqual(2_000);
    await until(() => bench.pool.stats().states.draining === 0, 'the sandbox is gone');
    expect(Date.now()).toBeGreaterThanOrEqual(deadline);
    expect(bench.lines.some((line) => line.endsWith('\tnot me'))).toBe(true);
  });

  it('serves a custom runtime too, and receives telemetry over TCP', async () => {
    const bootstrap = `#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while :; do
  id=$(curl -sS -o /dev/null -D - "$api/next" | sed -n 's/^lambda-runtime-aws-request-id: *\\([^\\r]*\\).*$/\\1/Ip' | tr -d '\\r')
  [ -e /tmp/stop ] && exit 4
  touch /tmp/stop
  echo said by the function
  curl -sS -o /dev/null -X POST -d '"from the shell"' "$api/$id/response"
done`;
    // Perl, since the image has nothing else that listens.
    const extension = `#!/usr/bin/perl
use IO::Socket::INET; $| = 1;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 8081, Listen => 5) or die;
if (fork == 0) { my $peer = $listener->accept; while (<$peer>) { open(my $f, '>>', '/tmp/lines'); print $f $_; } exit 0 }
my $api = "http://$ENV{AWS_LAMBDA_RUNTIME_API}";
my ($id) = qx(curl -sS -D - -H 'Lambda-Extension-Name: tcp.pl' -d '{"events":["INVOKE","SHUTDOWN"]}' $api/2020-01-01/extension/register) =~ /^lambda-extension-identifier: (\\S+)/mi;
print "logs ", qx(curl -sS -X PUT -H 'Lambda-Extension-Identifier: $id' -d '{"schemaVersion":"2021-03-18","types":["function"],"buffering":{"timeoutMs":25},"destination":{"protocol":"TCP","port":8081}}' $api/2020-08-15/logs), "\\n";
while (1) {
  my $event = qx(curl -sS -H 'Lambda-Extension-Identifier: $id' $api/2020-01-01/extension/event/next);
  print "event $event\\n";
  if ($event =~ /SHUTDOWN/) { select undef, undef, undef, 0.01 until -s '/tmp/lines'; print 'tcp ', qx(cat /tmp/lines); exit 0 }
}`;
    const layers = [await bench.store({ 'extensions/tcp.pl': extension })];
    const spec = specFor(await bench.store({ bootstrap }), { runtime: 'provided.al2023', layers });
    expect(answerOf(await bench.pool.invoke(requestFor(spec, {})))).toBe('from the shell');
    expect(answerOf(await bench.pool.invoke(requestFor(spec, {})))).toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(/exit status 4$/),
    });
    await until(() => bench.said('tcp').length === 1, 'the extension has shut down');
    expect(bench.said('logs')).toEqual(['OK']);
    expect(bench.said('event').map(({ eventType, shutdownReason }) => shutdownReason ?? eventType)).toEqual([
      'INVOKE',
      'INVOKE',
      'failure',
    ]);
    expect(bench.said('tcp')[0]).toMatchObject({ type: 'function', record: 'said by the function' });
    expect(bench.lines).toContain('LOGS\tName: tcp.pl\tState: Subscribed\tTypes: [function]');
  });
});

describe('an extension that fails', () => {
  const failing: [what: string, script: string, errorType: string, reason: string, state: string][] = [
    ['exits before it registers', '#!/bin/sh\nexit 5\n', 'Extension.Crash', 'exit status 5', 'Exited'],
    [
      'has no interpreter',
      '#!/no/such/program\n',
      'Extension.LaunchError',
      'fork/exec /opt/extensions/broken: no such file or directory',
      'LaunchError',
    ],
    ['is no program', 'hello\n', 'Extension.LaunchError', 'fork/exec /opt/extensions/broken: exec format error', 'LaunchError'],
    [
      'says that its init failed',
      `${API}(async () => {
        const id = (await register(['INVOKE'])).headers['lambda-extension-identifier'];
        console.log('answer ' + JSON.stringify(await call('POST', '/2020-01-01/extension/init/error', { 'Lambda-Extension-Identifier': id, 'Lambda-Extension-Function-Error-Type': 'Extension.ConfigInvalid' }, { errorMessage: 'no' })));
        process.exit(1);
      })();`,
      'Extension.InitError',
      'Extension.ConfigInvalid',
      'InitError',
    ],
  ];
  it.each(failing)('because it %s, fails the invocation', async (_what, script, errorType, reason, state) => {
    const spec = await bench.spec({ broken: script });
    const request = requestFor(spec, {});
    const outcome = await bench.pool.invoke(request);
    expect(outcome.status).toBe('error');
    expect(answerOf(outcome)).toEqual({ errorType, errorMessage: `RequestId: ${request.requestId} Error: ${reason}` });
    expect(outcome.logTail.toString()).toContain(`\tStatus: error\tError Type: ${errorType}\t`);
    await until(
      () => bench.lines.some((line) => line.startsWith(`EXTENSION\tName: broken\tState: ${state}\t`)),
      'the log tells of it',
    );
  });

  it('during an invocation is told the caller, and the next invocation has a new environment', async () => {
    const script = `${API}(async () => {
      const id = (await register(['INVOKE'])).headers['lambda-extension-identifier'];
      await next(id);
      await call('POST', '/2020-01-01/extension/exit/error', { 'Lambda-Extension-Identifier': id, 'Lambda-Extension-Function-Error-Type': 'Extension.LostItsWay' }, {});
      process.exit(1);
    })();`;
    const spec = await bench.spec(
      { failing: script },
      {},
      'exports.handler = () => new Promise((resolve) => setTimeout(resolve, 10_000));',
    );
    const outcome = await bench.pool.invoke(requestFor(spec, {}));
    expect(answerOf(outcome)).toMatchObject({
      errorType: 'Extension.ExitError',
      errorMessage: expect.stringMatching(/Error: Extension\.LostItsWay$/),
    });
    expect(await bench.pool.invoke(requestFor(spec, {}))).toMatchObject({ coldStart: true });
  });

  it('because it is the eleventh, is refused', async () => {
    const script = `${API}(async () => {
      const { status, headers, body } = await register([]);
      if (status !== 200) { console.log('refused ' + JSON.stringify({ status, ...body })); process.exit(1); }
      await next(headers['lambda-extension-identifier']);
    })();`;
    const spec = await bench.spec(Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`ext-${index}`, script])), {
      memoryMb: 2_048,
    });
    const outcome = await bench.pool.invoke(requestFor(spec, {}));
    expect(answerOf(outcome)).toMatchObject({ errorType: 'Extension.Crash' });
    await until(() => bench.said('refused').length === 1, 'one is refused');
    expect(bench.said('refused')[0]).toMatchObject({ status: 403, errorType: 'Extension.TooManyExtensions' });
  });
});

/** Registers when it is loaded, and works a while on every event after the answer. */
const INTERNAL = `
import http from 'node:http';
const call = (method, path, headers = {}, body) => new Promise((resolve, reject) => {
  const request = http.request('http://' + process.env.AWS_LAMBDA_RUNTIME_API + path, { method, headers, agent: false }, (response) => {
    let text = '';
    response.on('data', (chunk) => (text += chunk));
    response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: JSON.parse(text) }));
  });
  request.on('error', reject);
  request.end(body && JSON.stringify(body));
});
const register = (name, events) => call('POST', '/2020-01-01/extension/register', { 'Lambda-Extension-Name': name }, { events });
const seen = [];
seen.push((await register('inside', ['INVOKE', 'SHUTDOWN'])).body.errorType);
const { headers } = await register('inside', ['INVOKE']);
(async () => {
  for (;;) {
    const { body } = await call('GET', '/2020-01-01/extension/event/next', { 'Lambda-Extension-Identifier': headers['lambda-extension-identifier'] });
    seen.push(body.requestId);
    await new Promise((resolve) => setTimeout(resolve, 200));
    seen.push('worked');
  }
})();
export const handler = async () => {
  seen.push((await register('late', [])).body.errorType);
  return seen.splice(0);
};`;

const INTERNAL_PYTHON = `
import json, os, threading, urllib.request
API = 'http://%s/2020-01-01/extension' % os.environ['AWS_LAMBDA_RUNTIME_API']
seen = []
def call(path, headers, body=None):
    with urllib.request.urlopen(urllib.request.Request(API + path, body, headers)) as answer:
        return answer.headers, json.load(answer)
headers, _ = call('/register', {'Lambda-Extension-Name': 'thread'}, b'{"events":["INVOKE"]}')
def work():
    while True:
        seen.append(call('/event/next', {'Lambda-Extension-Identifier': headers['Lambda-Extension-Identifier']})[1]['eventType'])
threading.Thread(target=work, daemon=True).start()
def handler(event, context):
    return list(seen)
`;

describe('an internal extension', () => {
  it('of a Python function is a thread', async () => {
    const spec = await bench.spec({}, { runtime: 'python3.13', handler: 'app.handler' }, INTERNAL_PYTHON, 'app.py');
    for (const warm of [false, true]) {
      const outcome = await bench.pool.invoke(requestFor(spec, {}));
      expect(outcome).toMatchObject({ status: 'success', coldStart: !warm });
      await until(() => bench.pool.stats().states.idle === 1, 'the extension is through');
    }
    const third = answerOf(await bench.pool.invoke(requestFor(spec, {})));
    expect(third.slice(0, 2)).toEqual(['INVOKE', 'INVOKE']);
  });

  it.each([
    ['docker', undefined],
    ['process', (place: DriverPlace) => new ProcessDriver({ ...place, catalogue })],
  ])('of a Node.js function works on after the answer, and nobody registers late (%s driver)', async (_name, driver) => {
    const own = driver && (await ExtensionBench.open(driver));
    const used = own ?? bench;
    try {
      const spec = await used.spec({}, {}, INTERNAL, 'index.mjs');
      const [first, second] = [requestFor(spec, {}), requestFor(spec, {})];
      const answer = answerOf(await used.pool.invoke(first));
      expect([...answer].sort()).toEqual(['Extension.InvalidEventType', 'Extension.RegistrationClosed', first.requestId].sort());
      await until(() => used.pool.stats().states.idle === 1, 'the extension is through');
      const warm = await used.pool.invoke(second);
      expect(warm.coldStart).toBe(false);
      expect([...answerOf(warm)].sort()).toEqual(['Extension.RegistrationClosed', 'worked', second.requestId].sort());
      await until(() => used.pool.stats().states.idle === 1, 'the extension is through again');
      expect(used.lines).toContain('EXTENSION\tName: inside\tState: Ready\tEvents: [INVOKE]');
    } finally {
      await own?.close();
    }
  });
});
