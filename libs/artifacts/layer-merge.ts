/**
 * Several layers as one directory: what a sandbox sees below /opt.
 *
 * Invariants:
 * 1. Files are hard links to the unpacked packages: nothing is copied, and nobody writes through them (they are mounted read-only).
 * 2. Later layers win. Nothing is ever followed on the way: a link in one layer cannot lead another layer's files elsewhere.
 */
import { chmod, copyFile, link, lstat, mkdir, readdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from './unpack.js';

/** @param into an empty directory of the caller's */
export async function mergeLayers(layers: readonly string[], into: string): Promise<void> {
  for (const layer of layers) await mergeDirectory(layer, into);
}

async function mergeDirectory(from: string, into: string): Promise<void> {
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(into, entry.name);
    const there = await lstat(target).catch(absent);
    if (entry.isDirectory()) {
      if (there !== undefined && !there.isDirectory()) await rm(target);
      if (there === undefined || !there.isDirectory()) await mkdir(target);
      await mergeDirectory(source, target);
      await chmod(target, (await lstat(source)).mode & 0o777);
      continue;
    }
    if (there !== undefined) await rm(target, { recursive: true });
    if (entry.isSymbolicLink()) await symlink(await readlink(source), target);
    else await linkOrCopy(source, target);
  }
  await syncDirectory(into);
}

async function linkOrCopy(source: string, target: string): Promise<void> {
  try {
    await link(source, target);
  } catch (error) {
    // The file system has no more links for this file, or none at all.
    if (!['EMLINK', 'EPERM', 'EXDEV', 'ENOTSUP'].includes((error as { code?: string }).code ?? '')) throw error;
    await copyFile(source, target);
    await chmod(target, (await lstat(source)).mode & 0o777);
  }
}

function absent(error: unknown): undefined {
  if ((error as { code?: string }).code === 'ENOENT') return undefined;
  throw error;
}
