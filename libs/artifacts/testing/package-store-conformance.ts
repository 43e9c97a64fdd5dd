import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ZipFile } from 'yazl';
import type { PackageStore } from '../package-store.js';
import { zipBytes } from './zip-bytes.js';

/** An honest archive, as a packaging tool writes it. */
export function honestZip(files: Record<string, string | Buffer>, modes: Record<string, number> = {}): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content as string), name, { mode: modes[name] ?? 0o100644, mtime: new Date(0) });
  zip.end();
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    zip.outputStream.on('data', (part: Buffer) => parts.push(part));
    zip.outputStream.on('end', () => resolve(Buffer.concat(parts)));
    zip.outputStream.on('error', reject);
  });
}

/** What every PackageStore does. `open` gives another store over the same storage, as another process would have. */
export function packageStoreConformance(open: () => PackageStore): void {
  it('gives back digest, CodeSha256 and size of the bytes it stored', async () => {
    const archive = await honestZip({ 'index.js': 'exports.handler = async () => 1' });
    const stored = await open().put(archive);
    expect(stored).toEqual({
      digest: createHash('sha256').update(archive).digest('hex'),
      sha256: createHash('sha256').update(archive).digest('base64'),
      size: archive.length,
    });
    expect(await open().has(stored.digest)).toBe(true);
    expect((await open().readArchive(stored.digest)).equals(archive)).toBe(true);
  });

  it('unpacks files, nested directories and executables for any user to read', async () => {
    const archive = await honestZip({ bootstrap: '#!/bin/sh\n', 'lib/a/b.txt': 'b', 'private.txt': 'p' }, { bootstrap: 0o100755, 'private.txt': 0o100600 });
    const directory = await open().directory((await open().put(archive)).digest);
    expect((await stat(join(directory, 'bootstrap'))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(directory, 'private.txt'))).mode & 0o7777).toBe(0o644);
    expect((await stat(join(directory, 'lib/a'))).mode & 0o7777).toBe(0o755);
    expect(await readFile(join(directory, 'lib/a/b.txt'), 'utf8')).toBe('b');
  });

  it('lets many put the same archive at once', async () => {
    const files = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`f${index}.js`, `module.exports = ${index}`]));
    const archive = await honestZip(files);
    const stores = [open(), open(), open()];
    const results = await Promise.all(Array.from({ length: 12 }, (_, index) => stores[index % 3]!.put(archive)));
    expect(new Set(results.map((result) => result.digest)).size).toBe(1);
    expect((await readdir(await open().directory(results[0]!.digest))).length).toBe(50);
  });

  it('forgets a removed package and takes it again', async () => {
    const archive = await honestZip({ 'gone.js': 'gone' });
    const store = open();
    const { digest } = await store.put(archive);
    await store.remove(digest);
    expect(await store.has(digest)).toBe(false);
    await expect(store.readArchive(digest)).rejects.toMatchObject({ name: 'InfrastructureError' });
    await expect(store.directory(digest)).rejects.toMatchObject({ name: 'InfrastructureError' });
    await store.remove(digest);
    await store.put(archive);
    expect(await readFile(join(await store.directory(digest), 'gone.js'), 'utf8')).toBe('gone');
  });

  it('refuses a hostile archive with the text of Lambda and keeps nothing of it', async () => {
    const archive = zipBytes([{ name: 'ok.js', content: 'fine' }, { name: '../evil.js', content: 'evil' }]);
    await expect(open().put(archive)).rejects.toMatchObject({
      code: 'InvalidParameterValueException',
      status: 400,
      message: 'Could not unzip uploaded file. Please check your file, then try to upload again.',
    });
    expect(await open().has(createHash('sha256').update(archive).digest('hex'))).toBe(false);
  });
}
