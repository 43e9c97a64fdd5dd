import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptBuilder } from './build-script.js';

describe('the build script', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hearth-build-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function build(script: string, signal = new AbortController().signal, onLine: (line: string) => void = () => undefined): Promise<string[]> {
    await writeFile(join(folder, 'build.sh'), script);
    const lines: string[] = [];
    const record = (line: string): void => {
      lines.push(line);
      onLine(line);
    };
    await scriptBuilder(folder, { PATH: process.env.PATH, HEARTH_CACHE_DIR: '/cache' })('java21', record, signal);
    return lines;
  }

  it('is told the runtime and its environment, and its progress is heard', async () => {
    expect(await build('echo "runtimes: building $1 with $HEARTH_CACHE_DIR ${HOME:-}" >&2; echo noise >&2; echo "runtimes:   5 s: unpacking" >&2')).toEqual(['building java21 with /cache ', '5 s: unpacking'].map((line) => line.trim()));
  });

  it('says why it failed', async () => {
    await expect(build('echo "runtimes: debootstrap is missing" >&2; exit 1')).rejects.toMatchObject({ message: 'The image of java21 cannot be built here: debootstrap is missing.' });
    await expect(build('exit 7')).rejects.toThrow('build.sh ended with status 7');
  });

  it('ends with what it started when it is broken off', async () => {
    const stop = new AbortController();
    await expect(build('echo "runtimes: $$" >&2; sleep 600 & wait', stop.signal, () => stop.abort())).rejects.toThrow('cannot be built here');
  });
});
