'use strict';
/**
 * `import` finds packages of layers and of the image where `require` does, in the folders of NODE_PATH, as on Lambda; Node's own
 * loader of ES modules does not look there. What stands beside the importing file wins.
 *
 * Installed for functions that are ES modules only: hooks make every load a little slower.
 */
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

function install() {
  if (places.length === 0) return;
  if (nodeModule.registerHooks) nodeModule.registerHooks({ resolve });
  // Node.js 20: hooks run in a thread of their own, which costs about 20 ms.
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
