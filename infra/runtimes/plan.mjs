/**
 * Prints what `build.sh` needs to know, one tab-separated line per image, from catalogue.json and bases.json:
 * image, family, base, build hash, build argument (the language's version), bundle, bundle hash, node version, node integrity. And per base: build hash, suite, public image, packages,
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
const catalogue = JSON.parse(readFileSync(process.env.HEARTH_RUNTIMES_FILE || join(here, 'catalogue.json'), 'utf8'));
const bases = JSON.parse(readFileSync(join(here, 'bases.json'), 'utf8'));

/** Sources that go into the images of a family; tests beside them do not. */
function sourcesOf(family) {
  const folder = join(here, family);
  const own = statSync(folder, { throwIfNoEntry: false }) ? readdirSync(folder, { recursive: true }).map((name) => join(family, name)) : [];
  const isSource = (name) => !/\.spec\.ts$|__pycache__/.test(name);
  const more = readdirSync(join(here, 'images')).filter((name) => name.startsWith(`${family}-`)).map((name) => `images/${name}`);
  return ['images/setup.sh', `images/${family}.Dockerfile`, ...more, ...own.filter(isSource).sort()].filter((name) => statSync(join(here, name)).isFile());
}

/** What a bundle is made of: the pinned list of libraries that an image carries beside the runtime. */
const BUNDLE_LISTS = {
  npm: ['sdk/nodejs/package.json', 'sdk/nodejs/package-lock.json', 'sdk/nodejs/trim.sh'],
  pip: ['sdk/python/requirements.txt'],
  maven: ['java/pom.xml', 'java/SHA256SUMS'],
};
const LANGUAGES = ['python', 'java', 'ruby'];

function hashOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex').slice(0, 32);
}

const names = wanted.length > 0 ? wanted : Object.keys(catalogue).filter((name) => catalogue[name].build);
const unknown = names.filter((name) => !catalogue[name]?.build);
if (unknown.length > 0) {
  console.error(`No build for ${unknown.join(', ')}. Known: ${Object.keys(catalogue).filter((name) => catalogue[name].build).join(', ')}.`);
  process.exit(2);
}

const fixed = readFileSync(join(here, 'images/debootstrap.sh'));
const baseHash = (name) => hashOf(JSON.stringify(bases[name]), bases[name].from ? baseHash(bases[name].from) : '', arch, baseKind, fixed);
const contentOf = (names) => names.flatMap((name) => [name, readFileSync(join(here, name))]);
const bundleHash = (kind) => (kind === undefined ? '-' : hashOf(kind, ...contentOf(BUNDLE_LISTS[kind])));
const lines = new Map();
for (const name of names) {
  const { image, build } = catalogue[name];
  const bundle = bundleHash(build.bundle);
  const hash = hashOf(JSON.stringify(build), arch, baseHash(build.base), bundle, ...contentOf(sourcesOf(build.family)));
  const language = LANGUAGES.find((one) => build[one] !== undefined);
  const argument = language === undefined ? '-' : `${language.toUpperCase()}=${build[language]}`;
  lines.set(image, ['image', image, build.family, build.base, hash, argument, build.bundle ?? '-', bundle, build.node?.version ?? '-', build.node?.[arch] ?? '-']);
}
const withOrigin = (name) => (bases[name].from ? [...withOrigin(bases[name].from), name] : [name]);
for (const name of new Set([...lines.values()].flatMap((line) => withOrigin(line[3])))) {
  const base = bases[name];
  console.log(['base', name, baseHash(name), base.suite, base.public, base.packages.join(','), base.from ?? '-'].join('\t'));
}
for (const line of lines.values()) console.log(line.join('\t'));
