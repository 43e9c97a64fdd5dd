import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FunctionSpec } from '@hearth/sandbox';
import { FunctionLogFiles } from './function-log-files.js';

describe('function log files', () => {
  let root: string;
  const errors: unknown[] = [];
  const spec = { accountId: '111122223333', functionName: 'greet' } as FunctionSpec;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'hearth-logs-'));
    errors.length = 0;
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const open = (maxFileBytes?: number) => new FunctionLogFiles({ root, onError: (error) => errors.push(error), maxFileBytes });

  it('appends records in order, one JSON object a line', async () => {
    const logs = open();
    for (let i = 0; i < 100; i++) logs.write(spec, 'stream', [{ time: i, text: `line ${i}\rsecond "row"` }]);
    await logs.flush();
    const lines = (await readFile(join(root, '111122223333/greet.log'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { time: number }).time)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(JSON.parse(lines[7] as string)).toEqual({ time: 7, functionName: 'greet', logStream: 'stream', text: 'line 7\rsecond "row"' });
  });

  it('keeps one former file when the cap is reached', async () => {
    const logs = open(200);
    for (let i = 0; i < 3; i++) {
      logs.write(spec, 's', [{ time: i, text: 'x'.repeat(90) }]);
      await logs.flush();
    }
    expect(await readFile(join(root, '111122223333/greet.log'), 'utf8')).toContain('"time":2');
    expect(await readFile(join(root, '111122223333/greet.log.1'), 'utf8')).toContain('"time":1');
  });

  it('reports a folder that cannot be written instead of throwing', async () => {
    const logs = new FunctionLogFiles({ root: join(root, 'file'), onError: (error) => errors.push(error) });
    await writeFile(join(root, 'file'), '');
    logs.write(spec, 's', [{ time: 1, text: 'lost' }]);
    await logs.flush();
    expect(errors).toHaveLength(1);
  });
});
