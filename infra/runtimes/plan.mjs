/**
 * Prints what `build.sh` needs to know, one tab-separated line per image, from catalogue.json and bases.json:
 * image, family, base, build hash, python version, node version, node integrity. And per base: build hash, suite, public image, packages,
 * the base it is made from ("-": with debootstrap). A base comes after the one it is made from.
 *
 *   node plan.mjs ARCH BASE_KIND [RUNTIME...]
 *
 * The hash covers every input of an image, so that an image whose label carries it needs no rebuild.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const [arch, baseKind, ...wanted] = process.argv.slice(2);
const catalogue = JSON.parse(readFileSync(join(here, 'catalogue.json'), 'utf8'));
const bases = JSON.parse(readFileSync(join(here, 'bases.json'), 'utf8'));

/** Sources that go into the images of a family; tests beside them do not. */
function sourcesOf(family) {
  const folder = join(here, family);
  const own = statSync(folder, { throwIfNoEntry: false }) ? readdirSync(folder, { recursive: true }).map((name) => join(family, name)) : [];
  const isSource = (name) => !/\.spec\.ts$|__pycache__/.test(name);
  return ['images/setup.sh', `images/${family}.Dockerfile`, ...own.filter(isSource).sort()].filter((name) => statSync(join(here, name)).isFile());
}

function hashOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 32);
}

const names = wanted.length > 0 ? wanted : Object.keys(catalogue);
const unknown = names.filter((name) => !catalogue[name]?.build);
if (unknown.length > 0) {
  console.error(`No build for ${unknown.join(', ')}. Known: ${Object.keys(catalogue).filter((name) => catalogue[name].build).join(', ')}.`);
  process.exit(2);
}

const fixed = readFileSync(join(here, 'images/debootstrap.sh'));
const baseHash = (name) => hashOf(JSON.stringify(bases[name]), bases[name].from ? baseHash(bases[name].from) : '', arch, baseKind, fixed);
const lines = new Map();
for (const name of names) {
  const { image, build } = catalogue[name];
  const sources = sourcesOf(build.family).flatMap((source) => [source, readFileSync(join(here, source))]);
  const hash = hashOf(JSON.stringify(build), arch, baseHash(build.base), ...sources);
  lines.set(image, ['image', image, build.family, build.base, hash, build.python ?? '-', build.node?.version ?? '-', build.node?.[arch] ?? '-']);
}
const withOrigin = (name) => (bases[name].from ? [...withOrigin(bases[name].from), name] : [name]);
for (const name of new Set([...lines.values()].flatMap((line) => withOrigin(line[3])))) {
  const base = bases[name];
  console.log(['base', name, baseHash(name), base.suite, base.public, base.packages.join(','), base.from ?? '-'].join('\t'));
}
for (const line of lines.values()) console.log(line.join('\t'));
