import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '@hearth/kernel';

const run = promisify(execFile);

/** The launcher of container images, compiled if it is not yet. */
export async function compileLauncher(): Promise<void> {
  await run(join(projectRoot(), 'infra/runtimes/image-launcher/build.sh'));
}

/** @returns a tar of a root file system with one static program, /runtime, and little else; no shell */
export async function scratchRoot(): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'hearth-scratch-'));
  try {
    const root = join(folder, 'root');
    await mkdir(join(root, 'data'), { recursive: true });
    await mkdir(join(root, 'work'));
    await writeFile(join(root, 'data/file'), 'of the image');
    await writeFile(join(root, 'text'), 'no program');
    await writeFile(join(root, 'unknown'), 'in no format that the kernel knows');
    await chmod(join(root, 'unknown'), 0o755);
    await run('cc', ['-static', '-D_GNU_SOURCE', '-Os', '-o', join(root, 'runtime'), join(projectRoot(), 'libs/sandbox/testing/images/runtime.c')]);
    const tar = join(folder, 'root.tar');
    await run('tar', ['-C', root, '--owner=0', '--group=0', '--sort=name', '--mtime=@0', '-cf', tar, '.']);
    return await readFile(tar);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `docker import`. @returns hex id */
export async function importImage(root: Buffer, name: string, changes: readonly string[]): Promise<string> {
  const child = execFile('docker', ['import', ...changes.flatMap((change) => ['--change', change]), '-', name]);
  const output: string[] = [];
  child.stdout!.on('data', (text: string) => output.push(text));
  child.stdin!.end(root);
  await new Promise<void>((resolve, reject) => child.on('error', reject).on('close', (status) => (status === 0 ? resolve() : reject(new Error(`docker import ended with ${status}`)))));
  return output.join('').trim().replace('sha256:', '');
}
