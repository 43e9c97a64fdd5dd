'use strict';
/** Finds and loads the user's handler (runtime-api.md section 7). Errors carry Lambda's error types. */
const { readFileSync, statSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { RuntimeError } = require('./errors.cjs');

/** Named after Lambda's entry file, which users know from the last line of "Require stack". */
const requireFrom = createRequire('/var/runtime/index.mjs');

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');

function isFile(file) {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function readPackageType(directory) {
  try {
    return JSON.parse(readFileSync(path.join(directory, 'package.json'), 'utf8')).type ?? 'commonjs';
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    // An unreadable package.json decides nothing: Node itself reports it when it loads the module.
    return 'commonjs';
  }
}

/** The nearest package.json decides, also when it names no type; none beyond a node_modules folder is asked. */
function isModulePackage(file) {
  for (let directory = path.dirname(file); ; directory = path.dirname(directory)) {
    const type = readPackageType(directory);
    if (type !== undefined) return type === 'module';
    if (path.basename(directory) === 'node_modules' || path.dirname(directory) === directory) return false;
  }
}

function importFile(file) {
  require('./node-path.cjs').install(file);
  return import(require('node:url').pathToFileURL(file).href);
}

async function loadModule(root, directory, name) {
  const base = path.resolve(root, directory, name);
  if (isFile(base)) return requireFrom(base);
  if (isFile(`${base}.js`)) return isModulePackage(base) ? importFile(`${base}.js`) : requireFrom(`${base}.js`);
  if (isFile(`${base}.mjs`)) return importFile(`${base}.mjs`);
  if (isFile(`${base}.cjs`)) return requireFrom(`${base}.cjs`);
  return requireFrom(requireFrom.resolve(name, { paths: [root, path.join(root, directory)] }));
}

function parseHandlerName(handlerName) {
  if (handlerName.includes('..')) {
    throw new RuntimeError(
      'MalformedHandlerName',
      `'${handlerName}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const base = path.basename(handlerName);
  const dot = base.indexOf('.');
  if (dot <= 0 || dot === base.length - 1) throw new RuntimeError('MalformedHandlerName', 'Bad handler');
  return {
    directory: handlerName.slice(0, handlerName.length - base.length),
    file: base.slice(0, dot),
    exportPath: base.slice(dot + 1).split('.'),
  };
}

/**
 * @param {string} root        LAMBDA_TASK_ROOT
 * @param {string} handlerName `[dir/]file.export[.nested]`
 * @param {boolean} callbacks  whether handlers with a callback parameter are allowed (up to nodejs22.x)
 * @returns {Promise<{ handler: Function, streaming: boolean }>}
 */
async function loadHandler(root, handlerName, callbacks) {
  const { directory, file, exportPath } = parseHandlerName(handlerName);
  let loaded;
  try {
    loaded = await loadModule(root, directory, file);
  } catch (error) {
    if (error instanceof SyntaxError) throw new RuntimeError('UserCodeSyntaxError', String(error), error.stack);
    if (error?.code === 'MODULE_NOT_FOUND') throw new RuntimeError('ImportModuleError', String(error));
    throw error;
  }
  let handler = exportPath.reduce((value, key) => value?.[key], loaded);
  // A CommonJS module seen through `import` has its exports under `default`.
  handler ??= exportPath.reduce((value, key) => value?.[key], loaded?.default);
  if (handler === undefined || handler === null) {
    throw new RuntimeError('HandlerNotFound', `${handlerName} is undefined or not exported`);
  }
  if (typeof handler !== 'function') throw new RuntimeError('HandlerNotFound', `${handlerName} is not a function`);
  const streaming = handler[STREAMING];
  if (streaming !== undefined && streaming !== 'response') {
    throw new RuntimeError('MalformedStreamingHandler', 'Only response streaming is supported.');
  }
  if (!callbacks && !streaming && handler.length >= 3) {
    throw new RuntimeError(
      'CallbackHandlerDeprecated',
      'The handler declares a callback parameter, which this runtime does not support from Node.js 24 on. Return a promise or make the handler async.',
    );
  }
  return { handler, streaming: streaming === 'response' };
}

module.exports = { STREAMING, loadHandler };
