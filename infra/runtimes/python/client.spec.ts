import { execFileSync } from 'node:child_process';
import { assetPath, RuntimeProcess, type RuntimeOptions } from '../testing/runtime-process.js';

/** HEARTH_TEST_PYTHON runs the suite on another Python than the machine's. */
const python = process.env.HEARTH_TEST_PYTHON ?? 'python3';
const FRAME = { response: 2, error: 3, initError: 4 };
const LINE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let runtime: RuntimeProcess | undefined;
afterEach(async () => {
  await runtime?.stop();
  runtime = undefined;
});

beforeAll(() => {
  // The client needs 3.9; anything older fails here with a clear line instead of in every case.
  execFileSync(python, ['-c', 'import sys; assert sys.version_info >= (3, 9), sys.version']);
});

async function start(files: Record<string, string>, options: Partial<RuntimeOptions> = {}): Promise<RuntimeProcess> {
  runtime = await RuntimeProcess.start({
    files,
    bootstrap: assetPath('python/bootstrap'),
    handler: 'app.handler',
    ...options,
    environment: { HEARTH_PYTHON: python, LAMBDA_RUNTIME_DIR: assetPath('python'), PYTHONDONTWRITEBYTECODE: '1', ...options.environment },
  });
  return runtime;
}

async function started(source: string, options: Partial<RuntimeOptions> = {}): Promise<RuntimeProcess> {
  const running = await start({ 'app.py': source }, options);
  await running.ready();
  return running;
}

async function initError(files: Record<string, string>, options: Partial<RuntimeOptions> = {}) {
  const running = await start(files, options);
  const frame = await running.frame();
  expect(frame.type).toBe(FRAME.initError);
  const { code } = await running.exited();
  return { header: frame.header, error: JSON.parse(frame.body.toString()), log: frame.log, code };
}

describe('results', () => {
  it('answers what the handler returns, invocation after invocation', async () => {
    const running = await started('n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return {"n": n, "got": event["name"]}\n');
    expect(await running.invoke({ name: 'é✓' })).toMatchObject({ type: FRAME.response, json: { n: 1, got: 'é✓' } });
    expect((await running.invoke({ name: 2 })).json).toEqual({ n: 2, got: 2 });
  });

  it('answers null for None', async () => {
    const running = await started('def handler(event, context):\n    pass\n');
    expect((await running.invoke()).body.toString()).toBe('null');
  });

  it('carries several megabytes both ways', async () => {
    const running = await started('def handler(event, context):\n    return event + str(len(event))\n');
    const text = 'x'.repeat(3_000_000);
    expect((await running.invoke(text)).json).toBe(`${text}3000000`);
  });

  it('writes Decimal with its exact digits and NaN as NaN', async () => {
    const running = await started(
      'from decimal import Decimal\ndef handler(event, context):\n    return {"d": [Decimal("1.10"), Decimal("12345678901234567890.5"), Decimal("NaN")], "f": 0.5, "s": "a"}\n',
    );
    running.send('{}');
    expect((await running.frame()).body.toString()).toBe('{"d": [1.10, 12345678901234567890.5, NaN], "f": 0.5, "s": "a"}');
  });

  it('passes bytes through', async () => {
    const running = await started('def handler(event, context):\n    return b"\\x00\\xff"\n');
    running.send('{}');
    expect((await running.frame()).body).toEqual(Buffer.from([0, 255]));
  });

  it.each(['datetime.datetime(2026, 1, 2)', '{1, 2}', 'object()'])('reports Runtime.MarshalError for %s and goes on', async (source) => {
    const running = await started(`import datetime\ndef handler(event, context):\n    return 1 if event.get("ok") else ${source}\n`);
    const answer = await running.invoke();
    expect(answer).toMatchObject({ type: FRAME.error, header: { errorType: 'Runtime.MarshalError' } });
    expect(answer.json).toMatchObject({ requestId: answer.id, stackTrace: [], errorMessage: expect.stringMatching(/^Unable to marshal response: Object of type \w+ is not JSON serializable$/) });
    expect((await running.invoke({ ok: 1 })).json).toBe(1);
  });
});

describe('the context', () => {
  it('has every member', async () => {
    const running = await started(`import os
def handler(event, context):
    return [context.aws_request_id, context.function_name, context.function_version, context.invoked_function_arn,
            context.memory_limit_in_mb, context.log_group_name, context.log_stream_name, context.tenant_id,
            context.identity.cognito_identity_id, context.client_context.client.app_title, context.client_context.custom,
            0 < context.get_remaining_time_in_millis() <= 3000, os.environ["_X_AMZN_TRACE_ID"], "HEARTH_RUNTIME_SOCKET" in os.environ]
`);
    const header = { clientContext: '{"client":{"app_title":"t"},"custom":{"k":1}}', cognitoIdentity: '{"cognitoIdentityId":"i"}', tenantId: 'blue' };
    const answer = await running.invoke({}, header);
    expect(answer.json).toEqual([
      answer.id,
      'probe',
      '$LATEST',
      'arn:aws:lambda:eu-west-1:123456789012:function:probe',
      '128',
      '/aws/lambda/probe',
      expect.stringContaining('[$LATEST]'),
      'blue',
      'i',
      't',
      { k: 1 },
      true,
      'Root=1-2-3;Sampled=0',
      false,
    ]);
  });
});

describe('errors', () => {
  it('of the handler have type, message, request id and the user\'s frames, and are in the log', async () => {
    const running = await started('def inner():\n    raise KeyError("k")\n\ndef handler(event, context):\n    inner()\n');
    const answer = await running.invoke();
    expect(answer).toMatchObject({ type: FRAME.error, header: { id: answer.id, errorType: 'KeyError' } });
    expect(answer.json).toMatchObject({ errorType: 'KeyError', errorMessage: "'k'", requestId: answer.id });
    expect(answer.json.stackTrace).toHaveLength(2);
    expect(answer.json.stackTrace[0]).toMatch(/^ {2}File ".*app\.py", line 5, in handler\n {4}inner\(\)\n/);
    expect(answer.log).toMatch(/^\[ERROR\] KeyError: 'k'\rTraceback \(most recent call last\):\r\u00a0\u00a0File/);
    expect(answer.log.match(/\n/g)).toHaveLength(1);
  });

  it('reports Runtime.ImportModuleError for a missing dependency', async () => {
    const { error, header, code } = await initError({ 'app.py': 'import nowhere\n' });
    expect(error).toEqual({ errorMessage: "Unable to import module 'app': No module named 'nowhere'", errorType: 'Runtime.ImportModuleError', requestId: '', stackTrace: [] });
    expect(header.errorType).toBe('Runtime.ImportModuleError');
    expect(code).toBe(1);
  });

  it('reports Runtime.UserCodeSyntaxError with the line', async () => {
    const { error } = await initError({ 'app.py': 'def handler(:\n' });
    expect(error).toMatchObject({ errorType: 'Runtime.UserCodeSyntaxError', errorMessage: expect.stringMatching(/^Syntax error in module 'app': /) });
    expect(error.stackTrace[0]).toMatch(/File ".*app\.py" Line 1/);
  });

  it.each([
    ['app.missing', 'Runtime.HandlerNotFound', "Handler 'missing' missing on module 'app'"],
    ['nodot', 'Runtime.MalformedHandlerName', "Bad handler 'nodot': not enough values to unpack (expected 2, got 1)"],
    ['sys.exit', 'Runtime.BuiltInModuleConflict', 'Cannot use built-in module sys as a handler module'],
  ])('reports the handler %s as %s', async (handler, errorType, errorMessage) => {
    const { error } = await initError({ 'app.py': '' }, { handler });
    expect(error).toMatchObject({ errorType, errorMessage });
  });

  it('at load keep their own type', async () => {
    const { error, code } = await initError({ 'app.py': '1 / 0\n' });
    expect(error).toMatchObject({ errorType: 'ZeroDivisionError', errorMessage: 'division by zero' });
    expect(error.stackTrace.at(-1)).toContain('app.py');
    expect(code).toBe(1);
  });

  it.each([
    ['sys.exit(5)', 5],
    ['sys.exit()', 0],
    ['os._exit(9)', 9],
  ])('%s in the handler ends the process with its status', async (source, code) => {
    const running = await started(`import os, sys\ndef handler(event, context):\n    print("bye")\n    ${source}\n`);
    running.send('{}');
    expect(await running.exited()).toMatchObject({ code });
    expect(running.drainLog()).toContain('bye\n');
  });

  it('of an event that is not JSON are Runtime.UnmarshalError', async () => {
    const running = await started('def handler(event, context):\n    return 1\n');
    running.send('{');
    expect((await running.frame()).header.errorType).toBe('Runtime.UnmarshalError');
  });
});

describe('finding the handler', () => {
  it('takes slashes and dots for packages', async () => {
    for (const handler of ['pkg/mod.run', 'pkg.mod.run']) {
      const running = await start({ 'pkg/__init__.py': '', 'pkg/mod.py': 'def run(event, context):\n    return __name__\n' }, { handler });
      await running.ready();
      expect((await running.invoke()).json).toBe('pkg.mod');
      await running.stop();
    }
  });

  it('looks into the code first, then the layers, and into the runtime last', async () => {
    const running = await started('import sys\ndef handler(event, context):\n    return sys.path\n', { environment: { PYTHONPATH: assetPath('python') } });
    const { json } = await running.invoke();
    expect(json[0]).toMatch(/\/task$/);
    expect(json[1]).toMatch(/^\/opt\/python\/lib\/python3\.\d+\/site-packages$/);
    expect(json[2]).toBe('/opt/python');
    expect(json.filter((entry: string) => entry === assetPath('python'))).toHaveLength(1);
    expect(json.at(-1)).toBe(assetPath('python'));
  });
});

describe('the log', () => {
  it('has print raw and logging in Lambda\'s lines, all before the response', async () => {
    const running = await started('import logging\ndef handler(event, context):\n    print("raw")\n    logging.info("hidden")\n    logging.warning("a\\nb %s", 1)\n    print("part", end="")\n');
    const answer = await running.invoke();
    const lines = answer.log.split('\n');
    expect(lines[0]).toBe('raw');
    const [level, time, id, message] = lines[1]!.split('\t');
    expect([level, id, message]).toEqual(['[WARNING]', answer.id, 'a\rb 1']);
    expect(time).toMatch(LINE);
    expect(lines[2]).toBe('part');
  });

  it('writes JSON records from the configured level on', async () => {
    const running = await started(
      'import logging\nlog = logging.getLogger("mine")\ndef handler(event, context):\n    log.debug("hidden")\n    log.info("hello", extra={"order": 7})\n    try:\n        1 / 0\n    except ZeroDivisionError:\n        log.exception("failed")\n    raise ValueError("v")\n',
      { environment: { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'INFO' } },
    );
    const answer = await running.invoke({}, { tenantId: 'blue' });
    const records = answer.log.trimEnd().split('\n').map((line) => JSON.parse(line));
    expect(records).toMatchObject([
      { level: 'INFO', message: 'hello', logger: 'mine', requestId: answer.id, tenantId: 'blue', order: 7, timestamp: expect.stringMatching(LINE) },
      { level: 'ERROR', message: 'failed', errorType: 'ZeroDivisionError', errorMessage: 'division by zero', stackTrace: [expect.stringContaining('app.py')] },
      { level: 'ERROR', errorType: 'ValueError', errorMessage: 'v', requestId: answer.id },
    ]);
    expect(records).toHaveLength(3);
  });
});

describe('the process', () => {
  it('ends when the worker hangs up', async () => {
    const running = await started('def handler(event, context):\n    return 1\n');
    running.hangUp();
    expect(await running.exited()).toMatchObject({ code: 1 });
  });

  it('runs through AWS_LAMBDA_EXEC_WRAPPER', async () => {
    const running = await start(
      { 'app.py': 'import os\ndef handler(event, context):\n    return os.environ["WRAPPED"]\n', wrap: '#!/bin/sh\nexport WRAPPED="$#"\nexec "$@"\n' },
      { executable: ['wrap'], environment: { AWS_LAMBDA_EXEC_WRAPPER: './wrap' } },
    );
    await running.ready();
    expect((await running.invoke()).json).toBe('2');
  });
});
