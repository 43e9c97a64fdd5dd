import type { LambdaClient } from '@aws-sdk/client-lambda';
import { deploy, invoke, lambdaClient, type Answer } from './lambda.js';
import { Platform } from './platform.js';

/** Runs the given misdeed when told to, and answers `fine` otherwise. */
const source = (misdeed: string) => `exports.handler = async (event) => { if (event.good) return 'fine'; ${misdeed} };`;

describe('a function that misbehaves gets the answer of Lambda, and its next invocation works', () => {
  let platform: Platform;
  let client: LambdaClient;

  beforeAll(async () => {
    platform = await Platform.start();
    client = lambdaClient(platform);
  }, 90_000);
  afterAll(() => platform?.stop(), 60_000);

  async function misbehave(name: string, misdeed: string, options: Parameters<typeof deploy>[3] = {}): Promise<Answer & { error: { errorType: string; errorMessage: string } }> {
    await deploy(client, name, source(misdeed), options);
    const bad = await invoke(client, name, {}, { LogType: 'Tail' });
    for (let i = 0; i < 2; i++) expect(await invoke(client, name, { good: true })).toMatchObject({ status: 200, functionError: undefined, text: '"fine"' });
    expect(bad.status).toBe(200);
    return { ...bad, error: JSON.parse(bad.text) as { errorType: string; errorMessage: string } };
  }

  it('leaks memory', async () => {
    const bad = await misbehave('leaks', `const kept = []; for (;;) kept.push(Buffer.alloc(1 << 20, 1));`, { MemorySize: 128, Timeout: 30 });
    expect(bad.functionError).toBe('Unhandled');
    expect(bad.error.errorType).toMatch(/^Runtime\.(OutOfMemory|ExitError)$/);
    expect(bad.error.errorMessage).toBe(`RequestId: ${bad.requestId} Error: Runtime exited with error: signal: killed`);
  });

  it('never returns', async () => {
    const before = Date.now();
    const bad = await misbehave('spins', 'for (;;);', { Timeout: 1 });
    expect(bad.functionError).toBe('Unhandled');
    expect(bad.error).toEqual({ errorType: 'Sandbox.Timedout', errorMessage: `RequestId: ${bad.requestId} Error: Task timed out after 1.00 seconds` });
    expect(bad.log).toMatch(/REPORT RequestId: .*Status: timeout/);
    expect(Date.now() - before).toBeLessThan(20_000);
  });

  it('forks without end', async () => {
    const bad = await misbehave(
      'forks',
      `const { spawn } = require('node:child_process');
       const outcomes = Array.from({ length: 1500 }, () => new Promise((resolve) => { try { spawn('sleep', ['60'], { stdio: 'ignore' }).on('error', (error) => resolve(error.code)).on('spawn', () => resolve('ok')); } catch (error) { resolve(error.code); } }));
       const seen = await Promise.all(outcomes);
       return { refused: seen.some((code) => code === 'EAGAIN' || code === 'ENOMEM') };`,
      { MemorySize: 512, Timeout: 30 },
    );
    // Either the limit of processes or the limit of memory stops it; the host stays up, which the next invocations show.
    if (bad.functionError === undefined) expect(JSON.parse(bad.text)).toEqual({ refused: true });
    else expect(bad.error.errorType).toMatch(/^(Runtime\.(OutOfMemory|ExitError)|Sandbox\.Timedout|Error|EAGAIN)$/);
  });

  it('writes 1 GB to /tmp', async () => {
    const bad = await misbehave(
      'fills',
      `const { createWriteStream, writeSync, openSync, rmSync } = require('node:fs'); const fd = openSync('/tmp/big', 'w'); const block = Buffer.alloc(1 << 20);
       try { for (let i = 0; i < 1024; i++) writeSync(fd, block); } finally { rmSync('/tmp/big'); }`,
      { MemorySize: 1024, Timeout: 30 },
    );
    expect(bad.functionError).toBe('Unhandled');
    expect(bad.error).toMatchObject({ errorType: 'Error', errorMessage: expect.stringContaining('ENOSPC') as unknown });
  });

  it('kills its own process', async () => {
    const bad = await misbehave('kills', `process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});`);
    expect(bad.functionError).toBe('Unhandled');
    expect(bad.error).toEqual({ errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${bad.requestId} Error: Runtime exited with error: signal: killed` });
  });

  it('exits', async () => {
    const bad = await misbehave('exits', 'process.exit(7);');
    expect(bad.functionError).toBe('Unhandled');
    expect(bad.error).toEqual({ errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${bad.requestId} Error: Runtime exited with error: exit status 7` });
  });

  it('fails to start, every time anew', async () => {
    await deploy(client, 'unstartable', `console.log('starting'); process.exit(3);`);
    for (let i = 0; i < 2; i++) {
      const answer = await invoke(client, 'unstartable', {}, { LogType: 'Tail' });
      expect(answer.functionError).toBe('Unhandled');
      expect(JSON.parse(answer.text)).toMatchObject({ errorType: 'Runtime.ExitError', errorMessage: `RequestId: ${answer.requestId} Error: Runtime exited with error: exit status 3` });
    }
  });
});
