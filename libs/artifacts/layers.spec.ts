import { lstat, mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZipFile } from 'yazl';
import { DiskPackageStore } from './disk-package-store.js';

let root: string;
let store: DiskPackageStore;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'hearth-layers-'));
  store = new DiskPackageStore({ root });
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** @param files path to content; `-> target` makes a symbolic link */
async function layer(files: Record<string, string>): Promise<string> {
  const zip = new ZipFile();
  for (const [path, content] of Object.entries(files)) {
    const link = /^-> (.*)$/.exec(content)?.[1];
    zip.addBuffer(Buffer.from(link ?? content), path, { mtime: new Date(0), mode: link === undefined ? 0o100644 : 0o120777 });
  }
  zip.end();
  const parts: Buffer[] = [];
  for await (const part of zip.outputStream) parts.push(part as Buffer);
  return (await store.put(Buffer.concat(parts))).digest;
}

describe('layers in one directory', () => {
  it('lie over each other in order, and the last one wins', async () => {
    const below = await layer({ 'lib/a': 'below', 'lib/b': 'below', 'bin/tool': 'below' });
    const above = await layer({ 'lib/a': 'above', 'python/c': 'above' });
    const opt = await store.layers([below, above]);
    expect((await readdir(opt)).sort()).toEqual(['bin', 'lib', 'python']);
    expect(await readFile(join(opt, 'lib/a'), 'utf8')).toBe('above');
    expect(await readFile(join(opt, 'lib/b'), 'utf8')).toBe('below');
    expect(await readFile(join(await store.layers([above, below]), 'lib/a'), 'utf8')).toBe('below');
    expect(await readFile(join(await store.directory(below), 'lib/a'), 'utf8')).toBe('below');
  });

  it('share their files with the packages, and the directory is made once for a list', async () => {
    const digests = [await layer({ a: '1' }), await layer({ b: '2' })];
    const [first, second] = await Promise.all([store.layers(digests), new DiskPackageStore({ root }).layers(digests)]);
    expect(second).toBe(first);
    expect(await store.layers(digests)).toBe(first);
    expect((await lstat(join(first!, 'a'))).ino).toBe((await lstat(join(await store.directory(digests[0]!), 'a'))).ino);
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
    expect(await store.layers([digests[0]!])).toBe(await store.directory(digests[0]!));
  });

  it('replace files, directories and links by each other without following a link', async () => {
    const below = await layer({ 'real/kept': 'kept', 'link': '-> real', 'file': 'file', 'dir/x': 'x' });
    const above = await layer({ 'link/new': 'new', 'file/y': 'y', 'dir': '-> real' });
    const opt = await store.layers([below, above]);
    expect(await readdir(join(opt, 'real'))).toEqual(['kept']);
    expect(await readdir(join(opt, 'link'))).toEqual(['new']);
    expect(await readFile(join(opt, 'file/y'), 'utf8')).toBe('y');
    expect(await readlink(join(opt, 'dir'))).toBe('real');
  });

  it('are gone with one of their packages', async () => {
    const digests = [await layer({ a: '1' }), await layer({ b: '2' }), await layer({ c: '3' })];
    await store.layers(digests.slice(0, 2));
    const kept = await store.layers(digests.slice(1));
    await store.remove(digests[0]!);
    expect(await readdir(join(root, 'layers'))).toHaveLength(1);
    expect((await readdir(kept)).sort()).toEqual(['b', 'c']);
  });

  it('tell their unzipped size', async () => {
    expect(await store.unzippedSize(await layer({ a: '12345', 'b/c': '678' }))).toBe(8);
  });
});
