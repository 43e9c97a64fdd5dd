import { mkdtemp, readdir, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskPackageStore } from './disk-package-store.js';
import { honestZip, packageStoreConformance } from './testing/package-store-conformance.js';
import { zipBytes } from './testing/zip-bytes.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hearth-packages-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('the package store on disk, as every package store', () => {
  packageStoreConformance(() => new DiskPackageStore({ root }));
});

describe('the package store on disk', () => {
  it('unpacks again when the code directory is missing', async () => {
    const store = new DiskPackageStore({ root });
    const { digest } = await store.put(await honestZip({ 'a.js': 'a' }));
    await rm(join(root, 'code', digest), { recursive: true });
    const directories = await Promise.all([store.directory(digest), store.directory(digest), new DiskPackageStore({ root }).directory(digest)]);
    expect(await readFile(join(directories[0], 'a.js'), 'utf8')).toBe('a');
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
  });

  it('notices an archive whose bytes changed on disk', async () => {
    const store = new DiskPackageStore({ root });
    const { digest } = await store.put(await honestZip({ 'a.js': 'a' }));
    await writeFile(join(root, 'archives', digest.slice(0, 2), `${digest}.zip`), 'rotten');
    await expect(store.readArchive(digest)).rejects.toMatchObject({ name: 'InfrastructureError', message: expect.stringContaining('damaged') });
  });

  it('clears unfinished work of a dead process at its first use, but not that of a living one', async () => {
    await new DiskPackageStore({ root }).put(await honestZip({ a: 'a' }));
    await writeFile(join(root, 'tmp', 'dead'), '');
    await utimes(join(root, 'tmp', 'dead'), new Date(0), new Date(0));
    await writeFile(join(root, 'tmp', 'living'), '');
    await new DiskPackageStore({ root }).put(await honestZip({ b: 'b' }));
    expect(await readdir(join(root, 'tmp'))).toEqual(['living']);
  });

  it('keeps symbolic links inside the package and removes special bits', async () => {
    const archive = zipBytes([
      { name: 'lib/real.so.1', content: 'so' },
      { name: 'lib/real.so', content: 'real.so.1', mode: 0o120777 },
      { name: 'bin/tool', content: '../lib/./real.so', mode: 0o120777 },
      { name: 'dangling', content: 'not/there', mode: 0o120777 },
      { name: 'suid', content: 'x', mode: 0o106755 },
      { name: './dotted//name.txt', content: 'n' },
      { name: 'no-mode', content: 'd', madeBy: 0, mode: 0o777 },
      { name: 'dir-a/', mode: 0o040700 },
    ]);
    const store = new DiskPackageStore({ root });
    const directory = await store.directory((await store.put(archive)).digest);
    expect(await readlink(join(directory, 'lib/real.so'))).toBe('real.so.1');
    expect(await readFile(join(directory, 'bin/tool'), 'utf8')).toBe('so');
    expect(await readlink(join(directory, 'dangling'))).toBe('not/there');
    expect((await stat(join(directory, 'suid'))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(directory, 'no-mode'))).mode & 0o7777).toBe(0o644);
    expect((await stat(join(directory, 'dir-a'))).mode & 0o7777).toBe(0o755);
    expect(await readFile(join(directory, 'dotted/name.txt'), 'utf8')).toBe('n');
  });

  it('streams large files, deflated and stored', async () => {
    const large = Buffer.alloc(5_000_000, 'hearth ');
    const archive = zipBytes([{ name: 'deflated', content: large }, { name: 'stored', content: large, method: 0 }]);
    const store = new DiskPackageStore({ root });
    const directory = await store.directory((await store.put(archive)).digest);
    for (const name of ['deflated', 'stored']) expect((await readFile(join(directory, name))).equals(large)).toBe(true);
  });

  it('stores a package of 1,000 files', async () => {
    const files = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`node_modules/m${index % 40}/f${index}.js`, `// ${'x'.repeat(index)}`]));
    const store = new DiskPackageStore({ root });
    const directory = await store.directory((await store.put(await honestZip(files))).digest);
    expect((await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.js')).length).toBe(1_000);
  });

  it('refuses an archive over the zipped limit before it looks inside', async () => {
    await expect(new DiskPackageStore({ root }).put(Buffer.alloc(52_428_801))).rejects.toMatchObject({
      code: 'RequestEntityTooLargeException',
      status: 413,
      message: 'Zipped size must be smaller than 52428800 bytes',
    });
    expect(await readdir(root)).toEqual([]);
  });

  it('takes nothing but a digest for a path', async () => {
    await expect(async () => new DiskPackageStore({ root }).directory('../../etc')).rejects.toThrow(TypeError);
  });
});
