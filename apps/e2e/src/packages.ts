import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '@hearth/kernel';
import { run } from './run.js';
import { isDirectory } from './zip.js';

/**
 * Real packages as a user installs them, kept between runs in `.hearth/e2e`. A folder is named after its content and appears
 * whole or not at all.
 */
const CACHE = join(projectRoot(), '.hearth/e2e');

async function cached(name: string, fill: (directory: string) => Promise<void>): Promise<string> {
  const directory = join(CACHE, name);
  if (await isDirectory(directory)) return directory;
  const draft = `${directory}.${process.pid}`;
  await mkdir(draft, { recursive: true });
  await fill(draft);
  await rename(draft, directory).catch(async (error: unknown) => {
    if (!(await isDirectory(directory))) throw error;
    await rm(draft, { recursive: true }); // Another run was faster.
  });
  return directory;
}

/** `npm install` of exact versions. @returns the folder that holds node_modules */
export async function npmPackages(packages: Record<string, string>): Promise<string> {
  const name = Object.entries(packages).map(([key, version]) => `${key.replaceAll('/', '+')}@${version}`);
  return cached(`npm-${name.join('_')}`, async (directory) => {
    await writeFile(join(directory, 'package.json'), JSON.stringify({ name: 'user-project', private: true, dependencies: packages }));
    await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: directory });
  });
}

/** `pip install --target` of exact versions. @returns the folder to put on Python's path or into a package */
export async function pipPackages(...packages: string[]): Promise<string> {
  return cached(`pip-${packages.join('_')}`, async (directory) => {
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--no-compile', '--target', directory, ...packages]);
  });
}

/** AWS's runtime client for Python 3.13, as it is built for Lambda's own machines. @returns the folder to put into a package */
export function pythonRuntimeClient(): Promise<string> {
  return cached('pip-awslambdaric==4.2.2', async (directory) => {
    await run('python3', ['-m', 'pip', 'install', '--quiet', '--no-compile', '--python-version', '3.13', '--only-binary=:all:', '--target', directory, 'awslambdaric==4.2.2']);
  });
}

/** Environment in which `python3` can import boto3: the machine's own, or one installed for the tests. */
export function boto3Environment(): Promise<Record<string, string>> {
  return pythonWith('boto3', 'boto3==1.43.11');
}

/** The same for the `aws` command line, run as `python3 -m awscli`. */
export function commandLineEnvironment(): Promise<Record<string, string>> {
  return pythonWith('awscli', 'awscli==1.45.11');
}

async function pythonWith(module: string, requirement: string): Promise<Record<string, string>> {
  const there = await run('python3', ['-c', `import ${module}`]).then(
    () => true,
    () => false, // Not installed on this machine.
  );
  return there ? {} : { PYTHONPATH: await pipPackages(requirement) };
}

/** Bundles a user's source to one CommonJS file, the way most Node functions are deployed. */
export async function bundle(project: string, source: string): Promise<string> {
  const entry = join(project, `entry-${process.pid}.mjs`);
  const output = join(project, `bundle-${process.pid}.js`);
  await writeFile(entry, source);
  const tool = await npmPackages({ esbuild: '0.28.2' });
  await run(join(tool, 'node_modules/.bin/esbuild'), [entry, '--bundle', '--platform=node', '--target=node22', '--format=cjs', `--outfile=${output}`, '--log-level=error']);
  const text = await readFile(output, 'utf8');
  await Promise.all([rm(entry), rm(output)]);
  return text;
}
