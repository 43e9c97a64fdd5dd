import type { LambdaClient } from '@aws-sdk/client-lambda';
import { deploy, invoke, lambdaClient } from './lambda.js';
import { Platform } from './platform.js';
import { until } from './until.js';
import { zip } from './zip.js';

describe('Invoke', () => {
  let platform: Platform;
  let client: LambdaClient;

  beforeAll(async () => {
    platform = await Platform.start({ HEARTH_ASYNC_RETRY_DELAYS_MS: '100,200' });
    client = lambdaClient(platform);
  }, 90_000);
  afterAll(() => platform?.stop(), 60_000);

  it('shows the log of the invocation, with the lines of Lambda', async () => {
    await deploy(client, 'logging', `exports.handler = async (event, context) => { console.log('seen', event.n, context.functionVersion); return event.n; };`);
    const cold = await invoke(client, 'logging', { n: 1 }, { LogType: 'Tail' });
    const warm = await invoke(client, 'logging', { n: 2 }, { LogType: 'Tail' });
    expect(cold).toMatchObject({ status: 200, text: '1', version: '$LATEST', functionError: undefined });
    for (const [answer, n] of [[cold, 1], [warm, 2]] as const) {
      const lines = answer.log.split('\n');
      expect(lines).toContain(`START RequestId: ${answer.requestId} Version: $LATEST`);
      expect(lines).toContain(`END RequestId: ${answer.requestId}`);
      expect(answer.log).toMatch(new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\\t${answer.requestId}\\tINFO\\tseen ${n} \\$LATEST$`, 'm'));
    }
    const report = (answer: { requestId: string }, init: string) => new RegExp(`^REPORT RequestId: ${answer.requestId}\\tDuration: \\d+\\.\\d\\d ms\\tBilled Duration: \\d+ ms\\tMemory Size: 128 MB\\tMax Memory Used: \\d+ MB\\t${init}$`, 'm');
    expect(cold.log).toMatch(report(cold, 'Init Duration: \\d+\\.\\d\\d ms\\t'));
    expect(warm.log).toMatch(report(warm, ''));
    await until('the log holds both invocations', 5_000, async () => (await platform.functionLog('logging')).filter((text) => text.startsWith('REPORT ')).length === 2);
  });

  it('keeps the tail to its last 4 KB', async () => {
    await deploy(client, 'chatty', `exports.handler = async () => { for (let i = 0; i < 2000; i++) console.log('line ' + i); };`);
    const { log, text } = await invoke(client, 'chatty', {}, { LogType: 'Tail' });
    expect(text).toBe('null');
    expect(Buffer.byteLength(log)).toBeLessThanOrEqual(4_096);
    expect(Buffer.byteLength(log)).toBeGreaterThan(3_500);
    expect(log).toContain('line 1999');
  });

  it('answers 202 to an event and runs it, 204 to a dry run and does not', async () => {
    await deploy(client, 'typed', `exports.handler = async (event) => { console.log('ran ' + event.id); };`);
    expect(await invoke(client, 'typed', { id: 'dry' }, { InvocationType: 'DryRun' })).toMatchObject({ status: 204, text: '' });
    const accepted = await invoke(client, 'typed', { id: 'event' }, { InvocationType: 'Event' });
    expect(accepted).toMatchObject({ status: 202, text: '', functionError: undefined });
    const log = await until('the event ran', 15_000, async () => {
      const texts = await platform.functionLog('typed');
      return texts.some((text) => text.startsWith('REPORT ')) && texts;
    });
    expect(log.join('\n')).toContain(`${accepted.requestId}\tINFO\tran event`);
    expect(log.join('\n')).not.toContain('ran dry');
  });

  it('tries a failing event three times under one request id, then keeps it as failed', async () => {
    await deploy(client, 'failing', `exports.handler = async () => { console.log('try'); throw new TypeError('no'); };`);
    const { requestId } = await invoke(client, 'failing', {}, { InvocationType: 'Event' });
    const row = await until('the event is given up', 20_000, async () => (await platform.query<{ status: string; attempts: number; condition: string }>("SELECT status, attempts, condition FROM async_events WHERE id = $1 AND status = 'failed'", [requestId]))[0]);
    expect(row).toEqual({ status: 'failed', attempts: 3, condition: 'RetriesExhausted' });
    const log = await until('the log is written', 5_000, async () => {
      const texts = await platform.functionLog('failing');
      return texts.filter((text) => text.startsWith('REPORT ')).length === 3 && texts;
    });
    expect(log.filter((text) => text === `START RequestId: ${requestId} Version: $LATEST`)).toHaveLength(3);
  });

  it('passes 6 MB in and out, byte for byte', async () => {
    await deploy(client, 'echo', `exports.handler = async (event) => event;`, { MemorySize: 512 });
    const text = 'ü€'.repeat(1_048_576 - 100);
    expect(JSON.parse((await invoke(client, 'echo', text)).text) === text).toBe(true);
    await deploy(client, 'large', `exports.handler = async (event) => 'x'.repeat(event.bytes - 2);`, { MemorySize: 512 });
    expect((await invoke(client, 'large', { bytes: 6_291_556 })).text.length).toBe(6_291_556);
    const refused = await invoke(client, 'large', { bytes: 6_291_557 });
    expect(refused.functionError).toBe('Unhandled');
    expect(JSON.parse(refused.text)).toEqual({ errorType: 'Function.ResponseSizeTooLarge', errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).' });
  });

  it.each<[string, string, string, Record<string, unknown>]>([
    ['throws', 'index.handler', `exports.handler = async () => { throw new RangeError('too far'); };`, { errorType: 'RangeError', errorMessage: 'too far', trace: expect.any(Array) }],
    ['calls back with an error', 'index.handler', `exports.handler = (event, context, callback) => callback(new Error('called back'));`, { errorType: 'Error', errorMessage: 'called back', trace: expect.any(Array) }],
    ['is not exported', 'index.nothing', `exports.handler = async () => 1;`, { errorType: 'Runtime.HandlerNotFound', errorMessage: 'index.nothing is undefined or not exported', trace: expect.any(Array) }],
    ['lacks a module', 'index.handler', `require('not-there');`, { errorType: 'Runtime.ImportModuleError', errorMessage: expect.stringContaining("Error: Cannot find module 'not-there'"), trace: expect.any(Array) }],
    ['does not parse', 'index.handler', `exports.handler = (`, { errorType: 'Runtime.UserCodeSyntaxError', errorMessage: expect.stringContaining('SyntaxError'), trace: expect.any(Array) }],
  ])('Node.js: a handler that %s', async (what, handler, code, error) => {
    const name = `node-${what.replaceAll(' ', '-')}`;
    await deploy(client, name, code, { Handler: handler });
    const answer = await invoke(client, name);
    expect(answer).toMatchObject({ status: 200, functionError: 'Unhandled' });
    expect(JSON.parse(answer.text)).toEqual(error);
  });

  it.each<[string, string, string, Record<string, unknown>]>([
    ['raises', 'app.handler', 'def handler(event, context):\n    raise ValueError("not good")\n', { errorType: 'ValueError', errorMessage: 'not good', stackTrace: expect.any(Array), requestId: expect.any(String) }],
    ['returns what is no JSON', 'app.handler', 'def handler(event, context):\n    return {1, 2}\n', { errorType: 'Runtime.MarshalError', errorMessage: expect.stringContaining('set'), requestId: expect.any(String), stackTrace: expect.any(Array) }],
    ['is missing', 'app.nothing', 'x = 1\n', { errorType: 'Runtime.HandlerNotFound', errorMessage: "Handler 'nothing' missing on module 'app'", requestId: expect.any(String), stackTrace: expect.any(Array) }],
    ['lacks a module', 'app.handler', 'import not_there\n', { errorType: 'Runtime.ImportModuleError', errorMessage: "Unable to import module 'app': No module named 'not_there'", requestId: expect.any(String), stackTrace: expect.any(Array) }],
  ])('Python: a handler that %s', async (what, handler, code, error) => {
    const name = `python-${what.replaceAll(' ', '-')}`;
    await deploy(client, name, await zip({ 'app.py': code }), { Handler: handler, Runtime: 'python3.13' });
    const answer = await invoke(client, name);
    expect(answer).toMatchObject({ status: 200, functionError: 'Unhandled' });
    expect(JSON.parse(answer.text)).toEqual(error);
  });

  it('is counted on the Prometheus endpoint', async () => {
    const text = await (await fetch(platform.metricsUrl)).text();
    expect(text).toMatch(/^hearth_invocations_total\{.*function_name="logging".*type="sync".*\} 2$/m);
    expect(text).toMatch(/^hearth_async_events_dropped_total\{.*function_name="failing".*\} 1$/m);
  });
});
