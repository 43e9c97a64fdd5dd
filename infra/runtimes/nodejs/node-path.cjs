'use strict';
/**
 * `import` finds packages of layers and of the image where `require` does, in the folders of NODE_PATH, as on Lambda; Node's own
 * loader of ES modules does not look there. What stands beside the importing file wins.
 *
 * Installed for functions that are ES modules and import anything but Node's own: hooks make a start a millisecond slower, on Node.js 20
 * tens of them, since they run in a thread of their own there.
 */
const { readFileSync, statSync } = require('node:fs');
const nodeModule = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

/** Anything but a relative, absolute, `#internal` or URL specifier. */
const BARE = /^(?![./#]|[a-z][a-z0-9+.-]*:)/i;

/** A file beside each node_modules of NODE_PATH: whatever is imported from there is looked for in that folder. */
const places = (process.env.NODE_PATH ?? '')
  .split(path.delimiter)
  .filter((folder) => path.basename(folder) === 'node_modules')
  .map((folder) => pathToFileURL(path.join(path.dirname(folder), 'import.mjs')).href);

/** `from "x"`, `import "x"`, `import("x")`; nothing in the groups for `import(computed)`. */
const IMPORTED = /\bfrom\s*['"]([^'"\n]+)|\bimport\s*['"]([^'"\n]+)|\bimport\s*\(\s*(?:['"]([^'"\n]+))?/g;

/** Looking through more than this takes longer than the hooks. */
const MAX_SEARCHED_BYTES = 256 * 1024;

/** Whether the module imports anything that is not Node's own; so does what only looks like an import. */
function importsMore(file) {
  if (statSync(file).size > MAX_SEARCHED_BYTES) return true;
  for (const [, from, bare, dynamic] of readFileSync(file, 'utf8').matchAll(IMPORTED)) {
    const specifier = from ?? bare ?? dynamic;
    if (specifier === undefined || !nodeModule.isBuiltin(specifier)) return true;
  }
  return false;
}

/** @param {string} file path of the function's module */
function install(file) {
  if (places.length === 0 || !importsMore(file)) return;
  if (nodeModule.registerHooks) nodeModule.registerHooks({ resolve });
  else nodeModule.register('./node-path-hooks.mjs', pathToFileURL(__filename), { data: places });
}

const isMissing = (error, specifier) => error?.code === 'ERR_MODULE_NOT_FOUND' && BARE.test(specifier);

function resolve(specifier, context, next) {
  try {
    return next(specifier, context);
  } catch (error) {
    if (!isMissing(error, specifier)) throw error;
    for (const parentURL of places) {
      try {
        return next(specifier, { ...context, parentURL });
      } catch (missing) {
        if (!isMissing(missing, specifier)) throw missing;
      }
    }
    throw error;
  }
}

module.exports = { install };
