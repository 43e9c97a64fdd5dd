import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { RuntimeProcess, type RuntimeOptions } from './testing/runtime-process.js';

let runtime: RuntimeProcess | undefined;
afterEach(async () => {
  await runtime?.stop();
  runtime = undefined;
});

async function launch(script: string | undefined, options: Partial<RuntimeOptions> = {}): Promise<RuntimeProcess> {
  runtime = await RuntimeProcess.start({ files: script === undefined ? {} : { bootstrap: `#!/bin/sh\n${script}\n` }, executable: script === undefined ? [] : ['bootstrap'], ...options });
  return runtime;
}

describe('the launcher', () => {
  it('exits quietly with 242 when there is no bootstrap', async () => {
    const running = await launch(undefined);
    expect(await running.exited()).toMatchObject({ code: 242 });
    expect(running.drainLog()).toBe('');
  });

  it('exits quietly with 243 when the bootstrap is not executable', async () => {
    const running = await launch('true', { executable: [] });
    expect(await running.exited()).toMatchObject({ code: 243 });
    expect(running.drainLog()).toBe('');
  });

  it('exits with 243 when the bootstrap is a folder', async () => {
    const running = await launch(undefined, { files: { 'bootstrap/file': '' } });
    expect(await running.exited()).toMatchObject({ code: 243 });
  });

  it('exits with 244 when the task root is not there', async () => {
    const running = await launch(undefined, { bootstrap: '/bin/true', gated: true });
    rmSync(join(running.directory, 'task'), { recursive: true });
    running.release();
    expect(await running.exited()).toMatchObject({ code: 244 });
  });

  it.each([0, 1, 7, 142])('exits with the status %d of the runtime', async (code) => {
    const running = await launch(`exit ${code}`);
    expect(await running.exited()).toMatchObject({ code });
  });

  it('exits with 137 when the runtime kills itself, and adds nothing to its log', async () => {
    const running = await launch('echo last words\nkill -KILL $$');
    expect(await running.exited()).toMatchObject({ code: 137 });
    expect(running.drainLog()).toBe('last words\n');
  });

  it('hands SIGTERM on and waits for the runtime to end in its own way', async () => {
    const running = await launch('trap "echo bye; exit 5" TERM\necho up\nwhile :; do read -r line <"$0.gate" || sleep 0.01; done');
    await running.logged('up');
    running.child.kill('SIGTERM');
    expect(await running.exited()).toMatchObject({ code: 5 });
    expect(running.drainLog()).toContain('bye');
  });

  it('outlives a SIGTERM that the runtime ignores', async () => {
    const running = await launch('trap "echo again" TERM\necho up\nwhile [ ! -e done ]; do sleep 0.01; [ -n "$STOP" ] && break; done');
    await running.logged('up');
    running.child.kill('SIGTERM');
    await running.logged('again');
    expect(running.child.exitCode).toBeNull();
  });

  it('hands over environment values as they are, standard error in the log, and none of its own variables', async () => {
    const value = `it's "q" $HOME \`x\`\nline two \\ ü`;
    const running = await launch('printf "<%s>" "$TRICKY" >&2\nprintf "[%s%s]" "$HEARTH_SANDBOX_DIR" "$HEARTH_BOOTSTRAP"; pwd', { environment: { TRICKY: value } });
    expect(await running.exited()).toMatchObject({ code: 0 });
    expect(running.drainLog()).toBe(`<${value}>[]${join(running.directory, 'task')}\n`);
  });

  it('waits for the gate before it starts the runtime', async () => {
    const running = await launch('echo started', { gated: true });
    // Opening the write end succeeds only when the launcher is at the gate: everything before it has happened.
    expect(running.drainLog()).toBe('');
    running.release();
    expect(await running.exited()).toMatchObject({ code: 0 });
    expect(running.drainLog()).toBe('started\n');
  });

  it('prefers the managed bootstrap over one in the task root', async () => {
    const running = await launch('echo mine', { bootstrap: '/bin/pwd' });
    await running.exited();
    expect(running.drainLog()).toContain('/task');
  });
});
