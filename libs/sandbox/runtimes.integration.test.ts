/**
 * What users may expect of every runtime, in real containers of the images: handlers, context, environment, errors, logs, layers, SDKs,
 * time limits (runtime-api.md sections 5 to 7, invoke.md sections 2 and 3). HEARTH_RUNTIMES_FILE runs it over another catalogue.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Docker from 'dockerode';
import { DockerDriver } from './drivers/docker-driver.js';
import type { FunctionSpec, InvocationOutcome } from './function-spec.js';
import { SandboxPool } from './pool/sandbox-pool.js';
import { RuntimeCatalogue } from './runtime-catalogue.js';
import { answerOf, requestFor, specFor, TEST_LIMITS, until } from './testing/bench.js';
import { java } from './testing/runtimes/java.js';
import { nodejs } from './testing/runtimes/nodejs.js';
import { python } from './testing/runtimes/python.js';
import { ruby } from './testing/runtimes/ruby.js';
import type { Files } from './testing/runtimes/runtime-language.js';

const catalogue = RuntimeCatalogue.load(process.env.HEARTH_RUNTIMES_FILE);
const LIMIT_MS = 120_000;

let root: string;
let pool: SandboxPool;
/** All that a function's sandboxes wrote, by its name. */
const written = new Map<string, string>();
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'hearth-runtimes-'));
  java.image = catalogue.resolve('java21').image;
  pool = new SandboxPool({
    driver: new DockerDriver({ docker: new Docker(), catalogue, stateDirectory: root, incarnation: randomUUID().slice(0, 8), labels: { 'hearth.test': 'rt' }, report: () => undefined }),
    codeDirectory: async (digest) => join(root, digest),
    layersDirectory: async ([digest]) => join(root, digest!),
    logSink: { write: ({ functionName }, _stream, records) => void written.set(functionName, `${written.get(functionName) ?? ''}${records.map((record) => `${record.text}\n`).join('')}`) },
    limits: TEST_LIMITS,
    report: () => undefined,
  });
  await pool.start();
}, LIMIT_MS);
afterAll(async () => {
  await pool?.stop();
  await rm(root, { recursive: true, force: true });
});

/** @returns what the pool takes for a digest */
async function store(files: Files): Promise<string> {
  const name = `code-${randomUUID()}`;
  for (const [file, content] of Object.entries({ '.keep': '', ...files })) {
    await mkdir(dirname(join(root, name, file)), { recursive: true });
    await writeFile(join(root, name, file), content, { mode: 0o755 });
  }
  return name;
}

/** The lines that the function itself wrote. */
function linesOf(outcome: InvocationOutcome): string[] {
  return outcome.logTail
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !/^(START|END|REPORT|INIT_START) /.test(line) && !line.includes('"type":"platform.'));
}

describe.each([nodejs, python, ruby, java].flatMap((language) => language.runtimes.map((runtime) => ({ runtime, language }))))('$runtime', ({ runtime, language }) => {
  let text: FunctionSpec;
  let json: FunctionSpec;
  const probe = (spec: FunctionSpec, name: string): Promise<InvocationOutcome> => pool.invoke(requestFor(spec, { probe: name }));

  beforeAll(async () => {
    const wrapper = `#!/bin/sh\nexport WRAPPED="$1"\nexec "$@"\n`;
    const layers = [await store({ ...(await language.layer(runtime)), wrapper })];
    text = specFor(await store(await language.code()), { runtime, handler: language.handler, layers, memoryMb: 512, environment: { GREETING: 'héllo "$HOME" \'x\'\nnext' } });
    json = { ...text, sandboxKey: randomUUID(), logFormat: 'JSON', applicationLogLevel: 'WARN', timeoutSeconds: 2, environment: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrapper' } };
  }, LIMIT_MS);

  it('hands over every member of the context', async () => {
    const request = { ...requestFor(text, { probe: 'context' }), clientContext: '{"custom":{"tier":"gold"}}' };
    const outcome = await pool.invoke(request);
    expect(answerOf(outcome)).toEqual({
      functionName: text.functionName,
      functionVersion: '$LATEST',
      invokedFunctionArn: request.invokedFunctionArn,
      memoryLimit: '512',
      requestId: request.requestId,
      logGroup: '/aws/lambda/probe',
      logStream: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
      remaining: expect.any(Number),
      clientContext: expect.objectContaining({ custom: { tier: 'gold' } }),
    });
    const { remaining } = answerOf(outcome);
    expect(remaining).toBeGreaterThan(15_000);
    expect(remaining).toBeLessThanOrEqual(20_000);
  });

  it("has Lambda's environment and the function's", async () => {
    const variables = answerOf(await probe(text, 'environment'));
    expect(variables).toMatchObject({
      _HANDLER: language.handler,
      LAMBDA_TASK_ROOT: '/var/task',
      LAMBDA_RUNTIME_DIR: '/var/runtime',
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EXECUTION_ENV: `AWS_Lambda_${runtime}`,
      AWS_LAMBDA_FUNCTION_NAME: text.functionName,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
      AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/probe',
      AWS_LAMBDA_LOG_FORMAT: 'Text',
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      PATH: '/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin',
      LD_LIBRARY_PATH: expect.stringMatching(/:\/opt\/lib$/),
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      GREETING: text.environment.GREETING,
      ...language.environment(runtime),
    });
    expect(Object.keys(variables).filter((name) => name.startsWith('HEARTH_'))).toEqual([]);
  });

  it('finds layers in its search paths, and prefers what the function brings', async () => {
    expect(answerOf(await probe(text, 'layer'))).toEqual({ common: 'layer', versioned: 'for this version', own: 'function', tool: 'tool of the layer' });
  });

  if (language.sdk !== undefined) {
    it('has the AWS SDK, behind what function and layers bring', async () => {
      expect(answerOf(await probe(text, 'sdk'))).toEqual(language.sdk);
    });
  }

  it('answers errors in its own shape, with a stack trace of the code, and goes on', async () => {
    const [thrown, custom] = [await probe(text, 'throw'), await probe(text, 'custom')];
    for (const [outcome, expected] of [[thrown, language.thrown], [custom, language.custom]] as const) {
      expect(outcome.status).toBe('error');
      expect(answerOf(outcome)).toMatchObject(expected);
      expect(outcome.errorType).toBeTruthy();
      expect((answerOf(outcome)[language.trace.member] as unknown[]).map(String)).toEqual(expect.arrayContaining([expect.stringMatching(language.trace.line)]));
    }
    expect(custom.coldStart).toBe(false);
    await until(() => written.get(text.functionName)!.includes('no order 7'), 'the error is in the log');
  });

  it("writes its log in Lambda's text format", async () => {
    const lines = linesOf(await probe(text, 'log'));
    // Lambda's client for Java writes the log of an error after it has answered it.
    expect(lines.slice(-language.textLog.length)).toEqual(language.textLog.map((line) => expect.stringMatching(line)));
  });

  it('writes its log as JSON records of the level asked for', async () => {
    const lines = linesOf(await probe(json, 'log'));
    expect(lines).toContain('plain');
    const records = lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as object);
    expect(records).toEqual(language.jsonLog.map((record) => expect.objectContaining({ timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/), ...record })));
  });

  it("runs through the function's wrapper", async () => {
    expect(answerOf(await probe(json, 'environment'))).toMatchObject({ WRAPPED: expect.stringMatching(/^\/var\/lang\/bin\//), AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'WARN' });
  });

  it('is ended when the time is up', async () => {
    const outcome = await probe(json, 'never');
    expect(answerOf(outcome)).toMatchObject({ errorType: 'Sandbox.Timedout', errorMessage: expect.stringMatching(/Error: Task timed out after 2\.00 seconds$/) });
  });

  it('may end itself, and is replaced', async () => {
    const outcome = await probe(text, 'exit');
    expect(outcome.status).toBe('error');
    expect(answerOf(outcome)).toMatchObject(language.exit);
    expect(await probe(text, 'context')).toMatchObject({ status: 'success', coldStart: true });
  });

  it.each(language.forms)('calls $what, in 128 MB', async ({ handler, files, event, answer }) => {
    const outcome = await pool.invoke(requestFor(specFor(files ? await store(files) : text.codeDigest, { runtime, handler, memoryMb: 128 }), event));
    expect(answerOf(outcome)).toEqual(answer);
    expect(outcome.status).toBe('success');
  });

  it.each(language.broken)('tells of $what', async ({ handler, files, error }) => {
    const spec = specFor(await store(files), { runtime, handler, memoryMb: 512 });
    const outcome = await pool.invoke(requestFor(spec, {}));
    expect(outcome.status).toBe('error');
    const shown = answerOf(outcome);
    expect(shown).toMatchObject(error);
    await until(() => written.get(spec.functionName)!.includes(shown.errorMessage.split(/['"`\n]/)[0]), 'the error is in the log');
  });
});
