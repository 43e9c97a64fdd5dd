import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { projectRoot } from '@hearth/kernel';

const run = promisify(execFile);
const SOURCES = join(projectRoot(), 'libs/sandbox/testing/native');
/** Kept between runs: a folder is named after the sources it was made from. */
const CACHE = join(projectRoot(), '.hearth/native');

/** Builds with what a user would: `go build` or `cargo build`, which fetch the official clients. @returns the executable */
export async function compileBootstrap(language: 'go' | 'rust'): Promise<Buffer> {
  const sources = join(SOURCES, language);
  const hash = createHash('sha256');
  for (const entry of (await readdir(sources, { recursive: true })).sort()) {
    const file = join(sources, entry);
    if ((await stat(file)).isFile()) hash.update(entry).update(await readFile(file));
  }
  const output = join(CACHE, `${language}-${hash.digest('hex').slice(0, 16)}`, 'bootstrap');
  const there = await readFile(output).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });
  if (there) return there;
  await mkdir(CACHE, { recursive: true });
  const draft = await mkdtemp(join(CACHE, `.${language}-`));
  try {
    await cp(sources, draft, { recursive: true });
    if (language === 'go') await run('go', ['build', '-tags', 'lambda.norpc', '-ldflags', '-s -w', '-o', 'bootstrap', '.'], { cwd: draft, env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local' } });
    else await run('cargo', ['build', '--release', '--quiet', '--target-dir', 'target'], { cwd: draft });
    await mkdir(dirname(output), { recursive: true });
    await rename(join(draft, language === 'go' ? 'bootstrap' : 'target/release/bootstrap'), output);
    return await readFile(output);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Whether this machine has a compiler that the official client accepts. */
export async function hasCargo(): Promise<boolean> {
  const version = await run('cargo', ['--version']).then(
    ({ stdout }) => /^cargo 1\.(\d+)/.exec(stdout)?.[1],
    () => undefined, // Not installed.
  );
  return Number(version ?? 0) >= 85;
}
