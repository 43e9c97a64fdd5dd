import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assetPath, RuntimeProcess, type RuntimeOptions } from '../testing/runtime-process.js';

/** HEARTH_TEST_NODE runs the suite on another Node.js than the one that runs Jest. */
const node = process.env.HEARTH_TEST_NODE ?? process.execPath;
const FRAME = { response: 2, error: 3, initError: 4, streamStart: 5, streamChunk: 6, streamEnd: 7 };
const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let runtime: RuntimeProcess | undefined;
afterEach(async () => {
  await runtime?.stop();
  runtime = undefined;
});

async function start(files: Record<string, string>, options: Partial<RuntimeOptions> = {}, runtimeName = 'nodejs22.x'): Promise<RuntimeProcess> {
  runtime = await RuntimeProcess.start({
    files,
    bootstrap: assetPath('nodejs/bootstrap'),
    ...options,
    environment: { HEARTH_NODE: node, LAMBDA_RUNTIME_DIR: assetPath('nodejs'), AWS_EXECUTION_ENV: `AWS_Lambda_${runtimeName}`, ...options.environment },
  });
  return runtime;
}

async function started(source: string, options: Partial<RuntimeOptions> = {}, runtimeName?: string): Promise<RuntimeProcess> {
  const running = await start({ 'index.js': source }, options, runtimeName);
  await running.ready();
  return running;
}

/** What a runtime reports that cannot load its handler, and that it exits. */
async function initError(files: Record<string, string>, options: Partial<RuntimeOptions> = {}, runtimeName?: string) {
  const running = await start(files, options, runtimeName);
  const frame = await running.frame();
  expect(frame.type).toBe(FRAME.initError);
  const { code } = await running.exited();
  return { header: frame.header, error: JSON.parse(frame.body.toString()), log: frame.log, code };
}

describe('results', () => {
  it('answers what an async handler returns', async () => {
    const running = await started('exports.handler = async (event) => ({ got: event.name });');
    const answer = await running.invoke({ name: 'é✓' });
    expect(answer).toMatchObject({ type: FRAME.response, header: { id: answer.id }, json: { got: 'é✓' } });
  });

  it('answers null for undefined and for what has no JSON form', async () => {
    const running = await started('exports.handler = async (event) => (event.f ? () => 1 : undefined);');
    expect((await running.invoke({})).body.toString()).toBe('null');
    expect((await running.invoke({ f: true })).body.toString()).toBe('null');
  });

  it('serves one invocation after the other in the same process', async () => {
    const running = await started('let n = 0; exports.handler = async () => ++n;');
    for (const expected of [1, 2, 3]) expect((await running.invoke()).json).toBe(expected);
  });

  it('awaits any thenable', async () => {
    const running = await started('exports.handler = () => ({ then(resolve) { setTimeout(resolve, 1, 7); } });');
    expect((await running.invoke()).json).toBe(7);
  });

  it('carries events and results of several megabytes', async () => {
    const running = await started('exports.handler = async (event) => event + event.length;');
    const text = 'x'.repeat(3_000_000);
    expect((await running.invoke(text)).json).toBe(`${text}3000000`);
  });

  it('reports a result without a JSON form of its own as an error and goes on', async () => {
    const running = await started('exports.handler = async (e) => { if (e.ok) return 1; const a = {}; a.a = a; return a; };');
    const answer = await running.invoke();
    expect(answer.type).toBe(FRAME.error);
    expect(answer.json.errorType).toBe('Runtime.JSONStringifyError');
    expect((await running.invoke({ ok: 1 })).json).toBe(1);
  });

  it('answers the value of a synchronous handler from nodejs24.x on', async () => {
    const running = await started('exports.handler = () => 5;', {}, 'nodejs24.x');
    expect((await running.invoke()).json).toBe(5);
  });
});

describe('callback handlers', () => {
  it('answers after the event loop is empty by default', async () => {
    const running = await started(`exports.handler = (event, context, callback) => {
      setTimeout(() => console.log('late'), 30); callback(null, 'first'); };`);
    const answer = await running.invoke();
    expect(answer.json).toBe('first');
    expect(answer.log).toContain('late');
  });

  it('answers at once with callbackWaitsForEmptyEventLoop false', async () => {
    const running = await started(`exports.handler = (event, context, callback) => {
      context.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1000); callback(null, 'now'); };`);
    expect((await running.invoke()).json).toBe('now');
    expect((await running.invoke()).json).toBe('now');
  });

  it('reports callback errors, also those that are not Error objects', async () => {
    const running = await started('exports.handler = (event, context, callback) => callback(event.text ? event.text : new TypeError("no"));');
    expect(await running.invoke()).toMatchObject({ type: FRAME.error, header: { errorType: 'TypeError' }, json: { errorMessage: 'no' } });
    expect((await running.invoke({ text: 'plain' })).json).toEqual({ errorType: 'string', errorMessage: 'plain', trace: [] });
  });

  it('answers null when the callback is never called', async () => {
    const running = await started('exports.handler = (event, context, callback) => { setTimeout(() => {}, 5); };');
    expect((await running.invoke()).body.toString()).toBe('null');
    expect((await running.invoke()).body.toString()).toBe('null');
  });

  it('takes the first call only', async () => {
    const running = await started('exports.handler = (event, context, callback) => { callback(null, 1); callback(null, 2); callback(new Error("x")); };');
    expect((await running.invoke()).json).toBe(1);
    expect((await running.invoke()).json).toBe(1);
  });

  it('offers context.succeed, fail and done', async () => {
    const running = await started('exports.handler = (event, context) => { setTimeout(() => context[event.call](...event.with), 1); };');
    expect((await running.invoke({ call: 'succeed', with: [3] })).json).toBe(3);
    expect((await running.invoke({ call: 'done', with: [null, 4] })).json).toBe(4);
    expect((await running.invoke({ call: 'fail', with: ['bad'] })).json).toMatchObject({ errorType: 'string', errorMessage: 'bad' });
  });

  it('are refused at init from nodejs24.x on', async () => {
    const { header, error } = await initError({ 'index.js': 'exports.handler = (event, context, callback) => callback();' }, {}, 'nodejs24.x');
    expect(header.errorType).toBe('Runtime.CallbackHandlerDeprecated');
    expect(error.errorType).toBe('Runtime.CallbackHandlerDeprecated');
  });
});

describe('the context', () => {
  it('has every member', async () => {
    const running = await started(`exports.handler = async (event, context) => ({ ...context,
      remaining: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID, socket: process.env.HEARTH_RUNTIME_SOCKET ?? null });`);
    const clientContext = JSON.stringify({ client: { app_title: 't' } });
    const answer = await running.invoke({}, { clientContext, cognitoIdentity: '{"cognitoIdentityId":"i"}', tenantId: 'blue' });
    expect(answer.json).toMatchObject({
      functionName: 'probe',
      functionVersion: '$LATEST',
      memoryLimitInMB: '128',
      logGroupName: '/aws/lambda/probe',
      logStreamName: expect.stringContaining('[$LATEST]'),
      invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:probe',
      awsRequestId: answer.id,
      clientContext: { client: { app_title: 't' } },
      identity: { cognitoIdentityId: 'i' },
      tenantId: 'blue',
      callbackWaitsForEmptyEventLoop: true,
      trace: 'Root=1-2-3;Sampled=0',
      socket: null,
    });
    expect(answer.json.remaining).toBeGreaterThan(0);
    expect(answer.json.remaining).toBeLessThanOrEqual(3000);
  });
});

describe('the environment', () => {
  it('has the trace id of the invocation for whoever looks, and takes changes like the real one', async () => {
    const running = await start({
      'index.mjs': `import { execFileSync } from 'node:child_process';
import { env } from 'node:process';
export const handler = async (event) => {
  const name = '_X_AMZN_TRACE_ID';
  process.env.OWN = 1;
  const child = execFileSync('/bin/sh', ['-c', 'echo $_X_AMZN_TRACE_ID $OWN'], { encoding: 'utf8' }).trim();
  const seen = { env: env[name], has: name in process.env, copied: { ...process.env }[name], keys: Object.keys(process.env).filter((key) => key === name).length, child, own: process.env.OWN };
  if (event.drop) delete process.env[name];
  return { ...seen, after: process.env[name] ?? null, own: process.env.OWN };
};`,
    });
    await running.ready();
    for (const traceId of ['Root=1-1-1', 'Root=1-2-2']) {
      const answer = await running.invoke({ drop: true }, { traceId });
      expect(answer.json).toEqual({ env: traceId, has: true, copied: traceId, keys: 1, child: `${traceId} 1`, own: '1', after: null });
    }
  });
});

describe('errors in the handler', () => {
  it('has type, message and trace, and is in the log before the answer', async () => {
    const running = await started('exports.handler = async () => { const e = new RangeError("too far"); e.code = "E1"; throw e; };');
    const answer = await running.invoke();
    expect(answer).toMatchObject({ type: FRAME.error, header: { id: answer.id, errorType: 'RangeError' } });
    expect(answer.json).toMatchObject({ errorType: 'RangeError', errorMessage: 'too far' });
    expect(answer.json.trace[0]).toBe('RangeError: too far');
    expect(answer.json.trace[1]).toContain('index.js:1');
    const [time, id, level, phrase, shown] = answer.log.split('\t');
    expect(time).toMatch(LINE);
    expect([id, level, phrase]).toEqual([answer.id, 'ERROR', 'Invoke Error ']);
    expect(JSON.parse(shown!)).toMatchObject({ errorType: 'RangeError', errorMessage: 'too far', code: 'E1' });
  });

  it.each([
    ['a string', '"oops"', { errorType: 'string', errorMessage: 'oops', trace: [] }],
    ['an object', '{ a: 1 }', { errorType: 'object', errorMessage: '[object Object]', trace: [] }],
    ['undefined', 'undefined', { errorType: 'undefined', errorMessage: 'undefined', trace: [] }],
    ['an object without a text', 'Object.create(null)', { errorType: 'handled', trace: [] }],
  ])('describes %s that was thrown', async (_what, source, expected) => {
    const running = await started(`exports.handler = async () => { throw ${source}; };`);
    expect((await running.invoke()).json).toMatchObject(expected);
    expect((await running.invoke()).type).toBe(FRAME.error);
  });

  it('covers what a handler throws before it returns a promise', async () => {
    const running = await started('exports.handler = () => { throw new Error("sync"); };');
    expect((await running.invoke()).json).toMatchObject({ errorType: 'Error', errorMessage: 'sync' });
  });

  it('reports an uncaught exception and exits with 129', async () => {
    const running = await started('exports.handler = () => new Promise(() => { setTimeout(() => { throw new Error("loose"); }, 1); });');
    const answer = await running.invoke();
    expect(answer).toMatchObject({ type: FRAME.error, header: { errorType: 'Error', exits: true }, json: { errorMessage: 'loose' } });
    expect(answer.log).toContain('Uncaught Exception');
    expect(await running.exited()).toMatchObject({ code: 129 });
  });

  it('reports an unhandled rejection and exits with 128', async () => {
    const running = await started('exports.handler = async () => { Promise.reject(new Error("left")); return 1; };');
    const answer = await running.invoke();
    expect(answer).toMatchObject({
      type: FRAME.error,
      header: { errorType: 'Runtime.UnhandledPromiseRejection', exits: true },
      json: { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'Error: left' },
    });
    expect(await running.exited()).toMatchObject({ code: 128 });
  });

  it('reports Runtime.NodeJsExit when nothing is left to run, and goes on', async () => {
    const running = await started('exports.handler = async (e) => (e.ok ? 1 : new Promise(() => {}));');
    expect(await running.invoke()).toMatchObject({ type: FRAME.error, header: { errorType: 'Runtime.NodeJsExit' } });
    expect((await running.invoke({ ok: 1 })).json).toBe(1);
  });

  it('lets process.exit end the process with its status', async () => {
    const running = await started('exports.handler = async () => process.exit(7);');
    running.send('{}');
    expect(await running.exited()).toMatchObject({ code: 7 });
  });
});

describe('finding the handler', () => {
  it('loads an ES module by its extension, with top-level await in the init phase', async () => {
    const running = await start({ 'index.mjs': 'const n = await new Promise((r) => setTimeout(r, 5, 3)); export const handler = async () => n;' });
    await running.ready();
    expect((await running.invoke()).json).toBe(3);
  });

  it('loads .js as an ES module where the nearest package.json says so', async () => {
    const files = { 'package.json': '{"type":"module"}', 'lib/package.json': '{}', 'index.js': 'export const handler = async () => import.meta.url;', 'lib/a.js': 'exports.handler = async () => "cjs";' };
    const running = await start(files);
    await running.ready();
    expect((await running.invoke()).json).toMatch(/^file:.*index\.js$/);
    await running.stop();
    const inner = await start(files, { handler: 'lib/a.handler' });
    await inner.ready();
    expect((await inner.invoke()).json).toBe('cjs');
  });

  it('loads .cjs, folders and nested exports', async () => {
    const running = await start({ 'src/app.cjs': 'exports.api = { v1: { get: async () => "nested" } };' }, { handler: 'src/app.api.v1.get' });
    await running.ready();
    expect((await running.invoke()).json).toBe('nested');
  });

  it('prefers .js over .mjs and .cjs, and the exact file over all', async () => {
    const files = { 'index.js': 'exports.handler = async () => "js";', 'index.mjs': 'export const handler = async () => "mjs";', 'index.cjs': 'exports.handler = async () => "cjs";' };
    const running = await start(files);
    await running.ready();
    expect((await running.invoke()).json).toBe('js');
    await running.stop();
    const exact = await start({ ...files, index: 'exports.handler = async () => "exact";' });
    await exact.ready();
    expect((await exact.invoke()).json).toBe('exact');
  });

  it('falls back to packages, as layers bring them', async () => {
    const running = await start(
      { 'layer/wrap/package.json': '{"main":"main.js"}', 'layer/wrap/main.js': 'exports.handler = async () => "layer";' },
      { handler: 'wrap.handler', environment: { NODE_PATH: '/nowhere' } },
    );
    expect((await running.frame()).type).toBe(FRAME.initError);
    await running.stop();
    const found = await start({ 'node_modules/wrap/package.json': '{"main":"main.js"}', 'node_modules/wrap/main.js': 'exports.handler = async () => "package";' }, { handler: 'wrap.handler' });
    await found.ready();
    expect((await found.invoke()).json).toBe('package');
  });

  it('reports Runtime.ImportModuleError with the require stack for a missing module', async () => {
    const { error, code, log } = await initError({ 'index.js': 'require("left-pad"); exports.handler = async () => 1;' });
    expect(error.errorType).toBe('Runtime.ImportModuleError');
    expect(error.errorMessage).toMatch(/^Error: Cannot find module 'left-pad'\nRequire stack:\n- .*index\.js\n- \/var\/runtime\/index\.mjs$/);
    expect(log).toMatch(/\tundefined\tERROR\tUncaught Exception \t\{"errorType":"Runtime.ImportModuleError"/);
    expect(code).toBe(1);
  });

  it('reports Runtime.ImportModuleError when the handler file is not there', async () => {
    const { error } = await initError({}, { handler: 'nowhere.handler' });
    expect(error).toMatchObject({ errorType: 'Runtime.ImportModuleError', errorMessage: expect.stringContaining("Error: Cannot find module 'nowhere'") });
  });

  it.each([
    ['Runtime.HandlerNotFound', 'index.missing', 'index.missing is undefined or not exported'],
    ['Runtime.HandlerNotFound', 'index.value', 'index.value is not a function'],
    ['Runtime.MalformedHandlerName', 'nodot', 'Bad handler'],
    ['Runtime.MalformedHandlerName', '../index.handler', expect.stringContaining('is not a valid handler name')],
  ])('reports %s for %s', async (errorType, handler, errorMessage) => {
    const { error, header } = await initError({ 'index.js': 'exports.value = 1;' }, { handler });
    expect(error).toMatchObject({ errorType, errorMessage });
    expect(header.errorType).toBe(errorType);
  });

  it.each(['index.js', 'index.mjs'])('reports Runtime.UserCodeSyntaxError for %s', async (file) => {
    const { error } = await initError({ [file]: 'const = 1;' });
    expect(error.errorType).toBe('Runtime.UserCodeSyntaxError');
    expect(error.errorMessage).toMatch(/^SyntaxError: /);
    // Node 24 gives no place for ES modules.
    if (file.endsWith('.js')) expect(error.trace.join('\n')).toContain(file);
  });

  it('reports what the module throws while it loads under its own type', async () => {
    const { error, code } = await initError({ 'index.js': 'throw new EvalError("at load");' });
    expect(error).toMatchObject({ errorType: 'EvalError', errorMessage: 'at load' });
    expect(code).toBe(1);
  });

  it('lets a module that exits while it loads end the process', async () => {
    const running = await start({ 'index.js': 'process.exit(3);' });
    expect(await running.exited()).toMatchObject({ code: 3 });
  });
});

describe('the log', () => {
  it('has Lambda\'s text lines, one record per call, in the log before the response', async () => {
    const running = await start({ 'index.js': 'console.log("init"); exports.handler = async () => { console.warn("a\\nb %s", 1, { c: 2 }); process.stdout.write("raw\\n"); console.error("c"); };' });
    const ready = await running.ready();
    expect(ready.log.split('\t').slice(1)).toEqual(['undefined', 'INFO', 'init\n']);
    const answer = await running.invoke();
    const lines = answer.log.trimEnd().split('\n');
    expect(lines[0]!.split('\t').slice(1)).toEqual([answer.id, 'WARN', 'a\rb 1 { c: 2 }']);
    expect(lines[1]).toBe('raw');
    expect(lines[2]!.split('\t').slice(1)).toEqual([answer.id, 'ERROR', 'c']);
  });

  it('writes JSON records from the configured level on', async () => {
    const running = await started(
      'exports.handler = async () => { console.debug("hidden"); console.info({ a: 1 }); console.error("failed:", new TypeError("t")); console.warn(new Error("w")); };',
      { environment: { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'INFO' } },
    );
    const answer = await running.invoke({}, { tenantId: 'blue' });
    const records = answer.log.trimEnd().split('\n').map((line) => JSON.parse(line));
    expect(records).toMatchObject([
      { level: 'INFO', requestId: answer.id, tenantId: 'blue', message: { a: 1 }, timestamp: expect.stringMatching(LINE) },
      { level: 'ERROR', errorType: 'TypeError', errorMessage: 't', message: expect.stringContaining('failed: TypeError: t') },
      { level: 'WARN', message: { errorType: 'Error', errorMessage: 'w', stackTrace: expect.any(Array) } },
    ]);
  });

  it('keeps a line of 200 KB whole although the pipe holds less', async () => {
    const running = await started('process.stdout; exports.handler = async () => { console.log("y".repeat(200000)); };');
    running.send('{}');
    let log = '';
    let frame: Awaited<ReturnType<RuntimeProcess['frame']>> | undefined;
    const answered = running.frame().then((received) => (frame = received));
    while (frame === undefined) {
      log += running.drainLog();
      await new Promise((resolve) => setImmediate(resolve));
    }
    log += (await answered).log;
    expect(log.match(/y+\n$/)?.[0].length).toBe(200_001);
  });
});

describe('streaming handlers', () => {
  /** The frames of one streamed response. */
  async function streamed(running: RuntimeProcess, event: unknown = {}) {
    const id = running.send(JSON.stringify(event));
    const frames = [await running.frame()];
    while (frames.at(-1)!.type === FRAME.streamStart || frames.at(-1)!.type === FRAME.streamChunk) frames.push(await running.frame());
    expect(frames.every(({ header }) => header.id === id)).toBe(true);
    const chunks = frames.filter(({ type }) => type === FRAME.streamChunk).map(({ body }) => body);
    return { types: frames.map(({ type }) => type), contentType: frames[0]!.header.contentType, body: Buffer.concat(chunks), last: frames.at(-1)! };
  }

  it('send what is written, chunk by chunk, and serve the next invocation', async () => {
    const running = await started(
      'exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.setContentType("text/plain"); stream.write("a"); stream.write(Buffer.from("b")); stream.write({ c: 1 }); stream.end(); });',
    );
    for (let round = 0; round < 2; round++) {
      const { types, contentType, body } = await streamed(running);
      expect(types).toEqual([FRAME.streamStart, FRAME.streamChunk, FRAME.streamChunk, FRAME.streamChunk, FRAME.streamEnd]);
      expect([contentType, body.toString()]).toEqual(['text/plain', 'ab{"c":1}']);
    }
    await running.isBlocked();
  });

  it('send chunks while the handler runs', async () => {
    const running = await started('const fs = require("fs"); exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write("first"); while (!fs.existsSync(event.go)) await new Promise((r) => setTimeout(r, 5)); stream.end("second"); });');
    const go = join(running.directory, 'go');
    running.send(JSON.stringify({ go }));
    expect((await running.frame()).type).toBe(FRAME.streamStart);
    expect((await running.frame()).body.toString()).toBe('first');
    writeFileSync(go, '');
    expect((await running.frame()).body.toString()).toBe('second');
    expect((await running.frame()).type).toBe(FRAME.streamEnd);
  });

  it('put the prelude of HttpResponseStream.from before the body, also before an empty one', async () => {
    const running = await started(`exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
      stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201 }); if (event.id) stream.write(context.awsRequestId); stream.end(); await 0; });`);
    const { contentType, body, last } = await streamed(running, { id: true });
    expect(contentType).toBe('application/vnd.awslambda.http-integration-response');
    expect(body.toString()).toBe(`{"statusCode":201}${'\0'.repeat(8)}${last.header.id}`);
    expect((await streamed(running)).body.toString()).toBe(`{"statusCode":201}${'\0'.repeat(8)}`);
  });

  it('answer nothing but an end when nothing is written', async () => {
    const running = await started('exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.end(); });');
    expect((await streamed(running)).types).toEqual([FRAME.streamStart, FRAME.streamEnd]);
  });

  it('wait for a slow reader, and let the event loop go on meanwhile', async () => {
    const running = await started(`const { once } = require('events'); const { pipeline } = require('stream/promises'); const { Readable } = require('stream');
      exports.handler = awslambda.streamifyResponse(async (event, stream) => {
        let made = 0; const timer = setInterval(() => { if (made > 0) { console.log('made', made); } }, 20);
        await pipeline(Readable.from((function* () { for (; made < 512; made++) yield Buffer.alloc(65536, made % 256); })()), stream);
        clearInterval(timer); });`);
    running.pause();
    running.send('{}');
    const log = await running.logged('made');
    expect(Number(/made (\d+)/.exec(log)![1])).toBeLessThan(100);
    running.resume();
    let frame = await running.frame();
    let size = 0;
    for (; frame.type !== FRAME.streamEnd; frame = await running.frame()) size += frame.body.length;
    expect(size).toBe(512 * 65_536);
  });

  it('report failing and synchronous handlers, before and in the middle of a stream', async () => {
    const running = await started(
      'exports.handler = awslambda.streamifyResponse((event, stream) => { if (event.sync) return 1; if (event.write) stream.write(event.write); return Promise.reject(new Error("mid")); });',
    );
    expect((await running.invoke()).json).toMatchObject({ errorType: 'Error', errorMessage: 'mid' });
    expect((await running.invoke({ sync: true })).json).toMatchObject({ errorType: 'Runtime.MalformedStreamingHandler' });
    const { types, body, last } = await streamed(running, { write: 'half' });
    expect([types[0], types.at(-1), body.toString()]).toEqual([FRAME.streamStart, FRAME.error, 'half']);
    expect(JSON.parse(last.body.toString())).toMatchObject({ errorType: 'Error', errorMessage: 'mid' });
  });

  it('report an uncaught exception behind what was written', async () => {
    const running = await started('exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write(Buffer.alloc(4e6)); setTimeout(() => { throw new Error("loose"); }); await new Promise(() => {}); });');
    const { types, last } = await streamed(running);
    expect([types[0], types[1]]).toEqual([FRAME.streamStart, FRAME.streamChunk]);
    expect(last).toMatchObject({ type: FRAME.error, header: { exits: true } });
    expect(await running.exited()).toMatchObject({ code: 129 });
  });
});

describe('between invocations', () => {
  it('nothing runs: a timer that comes due meanwhile fires in the next invocation', async () => {
    const running = await started(`let fired = 0;
      exports.handler = async (event) => {
        if (event.arm) setTimeout(() => console.log('fired', ++fired), 1);
        else await new Promise((resolve) => setTimeout(resolve, 5));
        return fired;
      };`);
    expect((await running.invoke({ arm: true })).json).toBe(0);
    await running.isBlocked();
    expect(running.drainLog()).toBe('');
    const answer = await running.invoke();
    expect(answer.json).toBe(1);
    expect(answer.log).toContain(`${answer.id}\tINFO\tfired 1`);
  });

  it('an async context that a handler entered does not reach into the next invocation', async () => {
    const running = await started(`const { AsyncLocalStorage } = require('node:async_hooks');
      const storage = new AsyncLocalStorage();
      exports.handler = (event, context, callback) => {
        const seen = storage.getStore() ?? null;
        storage.enterWith(event.name);
        setTimeout(() => callback(null, seen), 1);
      };`);
    expect((await running.invoke({ name: 'first' })).json).toBeNull();
    expect((await running.invoke({ name: 'second' })).json).toBeNull();
  });

  it('events that arrive in pieces, or after another, are read whole', async () => {
    const running = await started('exports.handler = async (event) => event.length;');
    for (const size of [1, 65_400, 65_536, 65_537, 200_000, 1]) expect((await running.invoke('x'.repeat(size))).json).toBe(size);
    const ids = [running.send('"a"'), running.send('"bc"')];
    expect([await running.frame(), await running.frame()].map(({ header, body }) => [header.id, body.toString()])).toEqual([[ids[0], '1'], [ids[1], '2']]);
  });
});

describe('the process', () => {
  it('ends when the worker hangs up', async () => {
    const running = await started('exports.handler = async () => 1;');
    running.hangUp();
    expect(await running.exited()).toMatchObject({ code: 1 });
  });

  it('offers gc as Lambda\'s images do, and sizes the heap by the function\'s memory', async () => {
    const running = await started('exports.handler = async () => { gc(); return require("node:v8").getHeapStatistics().heap_size_limit / 1048576; };', {
      environment: { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '1000' },
    });
    const { json } = await running.invoke();
    expect(json).toBeGreaterThanOrEqual(900);
    expect(json).toBeLessThan(1100);
  });

  it('runs through AWS_LAMBDA_EXEC_WRAPPER with the original command as arguments', async () => {
    const running = await start(
      { 'index.js': 'exports.handler = async () => [process.env.WRAPPED, process.execArgv];', wrap: '#!/bin/sh\nexport WRAPPED=yes\nexec "$@"\n' },
      { executable: ['wrap'], environment: { AWS_LAMBDA_EXEC_WRAPPER: './wrap' } },
    );
    await running.ready();
    const answer = await running.invoke();
    expect(answer.json[0]).toBe('yes');
    expect(answer.json[1]).toContain('--max-old-space-size=115');
  });
});
