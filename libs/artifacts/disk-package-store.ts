/**
 * Packages on a disk that several processes may share.
 *
 *   <root>/archives/<aa>/<digest>.zip   the truth
 *   <root>/code/<digest>/               unpacked, can be made again from the archive
 *   <root>/layers/<key>/           opt: several packages laid over each other; of: their digests. Can be made again
 *   <root>/tmp/<uuid>                   unfinished work, never read
 *
 * Invariants:
 * 1. What has its final name is complete and on disk: it was written in tmp, fsynced, and renamed.
 * 2. Two processes that make the same thing make the same bytes; the rename that comes second is dropped.
 * 3. A refused archive leaves nothing: its tmp directory is removed before the error is thrown.
 */
import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { InfrastructureError } from '@hearth/kernel';
import { planArchive } from './archive-plan.js';
import { mergeLayers } from './layer-merge.js';
import { emptyArchive, MAX_ZIPPED_BYTES, zippedTooLarge } from './package-limits.js';
import type { PackageStore, StoredPackage } from './package-store.js';
import { syncDirectory, unpack } from './unpack.js';

/** Unfinished work older than this belongs to a process that died. */
const ABANDONED_MS = 3_600_000;
const DIGEST = /^[0-9a-f]{64}$/;

export interface DiskPackageStoreOptions {
  /** Directory of the store; made when missing. */
  root: string;
}

export class DiskPackageStore implements PackageStore {
  private readonly root: string;
  private ready: Promise<void> | undefined;
  /** Directories in the making in this process. */
  private readonly making = new Map<string, Promise<string>>();

  constructor(options: DiskPackageStoreOptions) {
    this.root = resolve(options.root);
  }

  async put(archive: Buffer, maxZippedBytes = MAX_ZIPPED_BYTES): Promise<StoredPackage> {
    if (archive.length > maxZippedBytes) throw zippedTooLarge();
    if (archive.length === 0) throw emptyArchive();
    await this.prepare();
    const hash = createHash('sha256').update(archive).digest();
    const digest = hash.toString('hex');
    await this.unpackOnce(digest, () => Promise.resolve(archive));
    if (!(await this.has(digest))) await this.storeArchive(digest, archive);
    return { digest, sha256: hash.toString('base64'), size: archive.length };
  }

  has(digest: string): Promise<boolean> {
    return exists(this.archivePath(digest));
  }

  async directory(digest: string): Promise<string> {
    this.archivePath(digest);
    if (await exists(this.codePath(digest))) return this.codePath(digest);
    await this.prepare();
    return this.unpackOnce(digest, () => this.readArchive(digest));
  }

  async readArchive(digest: string): Promise<Buffer> {
    const path = this.archivePath(digest);
    let archive: Buffer;
    try {
      archive = await readFile(path);
    } catch (error) {
      throw new InfrastructureError(`The package ${digest} cannot be read`, { cause: error });
    }
    if (createHash('sha256').update(archive).digest('hex') !== digest) throw new InfrastructureError(`The package ${digest} is damaged on disk`);
    return archive;
  }

  async unzippedSize(digest: string): Promise<number> {
    return (await planArchive(await this.readArchive(digest))).files.reduce((sum, { size }) => sum + size, 0);
  }

  async layers(digests: readonly string[]): Promise<string> {
    if (digests.length === 1) return this.directory(digests[0]!);
    const directories: string[] = [];
    for (const digest of digests) directories.push(await this.directory(digest));
    const key = createHash('sha256').update(digests.join(' ')).digest('hex');
    const target = this.layersPath(key);
    if (await exists(target)) return join(target, 'opt');
    return this.once(`layers ${key}`, async () => {
      const work = this.temporaryPath();
      try {
        const opt = join(work, 'opt');
        await mkdir(opt, { recursive: true, mode: 0o755 });
        await mergeLayers(directories, opt);
        await writeFile(join(work, 'of'), digests.join('\n'), { flush: true });
        await chmod(work, 0o711);
        await chmod(opt, 0o755);
        await renameUnlessThere(work, target);
        await syncDirectory(dirname(target));
        return join(target, 'opt');
      } finally {
        await rm(work, { recursive: true, force: true });
      }
    });
  }

  async remove(digest: string): Promise<void> {
    await rm(this.archivePath(digest), { force: true });
    await this.prepare();
    for (const key of await readdir(join(this.root, 'layers'))) {
      const of = await readFile(join(this.layersPath(key), 'of'), 'utf8').catch(() => ''); // Removed meanwhile, by another process.
      if (of.split('\n').includes(digest)) await this.removeDirectory(this.layersPath(key));
    }
    await this.removeDirectory(this.codePath(digest));
  }

  /** At once for those who look for it, whatever time the rest takes. */
  private async removeDirectory(path: string): Promise<void> {
    const doomed = this.temporaryPath();
    try {
      await rename(path, doomed);
    } catch (error) {
      if (isCode(error, 'ENOENT')) return;
      throw error;
    }
    await rm(doomed, { recursive: true, force: true });
  }

  private unpackOnce(digest: string, read: () => Promise<Buffer>): Promise<string> {
    return this.once(digest, () => this.unpackNow(digest, read));
  }

  private once(key: string, make: () => Promise<string>): Promise<string> {
    const running = this.making.get(key);
    if (running) return running;
    const work = make().finally(() => this.making.delete(key));
    this.making.set(key, work);
    return work;
  }

  private async unpackNow(digest: string, read: () => Promise<Buffer>): Promise<string> {
    const target = this.codePath(digest);
    if (await exists(target)) return target;
    const archive = await read();
    const plan = await planArchive(archive);
    const work = this.temporaryPath();
    try {
      await mkdir(work, { mode: 0o755 });
      await unpack(archive, plan, work);
      await chmod(work, 0o755);
      await renameUnlessThere(work, target);
      await syncDirectory(dirname(target));
      return target;
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  private async storeArchive(digest: string, archive: Buffer): Promise<void> {
    const target = this.archivePath(digest);
    const work = this.temporaryPath();
    try {
      const handle = await open(work, 'wx', 0o600);
      try {
        await handle.writeFile(archive);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await rename(work, target);
      await syncDirectory(dirname(target));
      await syncDirectory(dirname(dirname(target)));
    } finally {
      await rm(work, { force: true });
    }
  }

  private prepare(): Promise<void> {
    this.ready ??= this.makeDirectories().catch((error: unknown) => {
      this.ready = undefined; // The next caller tries again, for instance after the disk was mounted.
      throw new InfrastructureError(`The package store ${this.root} cannot be used`, { cause: error });
    });
    return this.ready;
  }

  private async makeDirectories(): Promise<void> {
    // Sandboxes run under another user: `code` can be passed through but not listed, and a digest cannot be guessed.
    await mkdir(this.root, { recursive: true, mode: 0o711 });
    await mkdir(join(this.root, 'archives'), { recursive: true, mode: 0o700 });
    await mkdir(join(this.root, 'code'), { recursive: true, mode: 0o711 });
    await mkdir(join(this.root, 'layers'), { recursive: true, mode: 0o711 });
    await mkdir(join(this.root, 'tmp'), { recursive: true, mode: 0o700 });
    await this.removeAbandoned();
  }

  private async removeAbandoned(): Promise<void> {
    for (const name of await readdir(join(this.root, 'tmp'))) {
      const path = join(this.root, 'tmp', name);
      const found = await stat(path).catch(() => undefined); // Gone meanwhile: its owner is alive and finished.
      if (found && Date.now() - found.mtimeMs > ABANDONED_MS) await rm(path, { recursive: true, force: true });
    }
  }

  private temporaryPath(): string {
    return join(this.root, 'tmp', randomUUID());
  }

  private layersPath(key: string): string {
    return join(this.root, 'layers', key);
  }

  private codePath(digest: string): string {
    return join(this.root, 'code', digest);
  }

  private archivePath(digest: string): string {
    // Digests come from the database; a path made of anything else would be a defect with consequences.
    if (!DIGEST.test(digest)) throw new TypeError(`Not a package digest: ${JSON.stringify(digest)}`);
    return join(this.root, 'archives', digest.slice(0, 2), `${digest}.zip`);
  }
}

async function renameUnlessThere(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!isCode(error, 'ENOTEMPTY') && !isCode(error, 'EEXIST')) throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return (error as { code?: string } | null)?.code === code;
}
