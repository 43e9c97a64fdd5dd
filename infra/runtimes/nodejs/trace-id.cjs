'use strict';
/**
 * `process.env._X_AMZN_TRACE_ID`, another one for every invocation, kept in JavaScript: the C library never frees a value that was
 * set once, and an environment would grow by each. All else goes to the real environment.
 */
const NAME = '_X_AMZN_TRACE_ID';
const real = process.env;
let traceId;

const descriptor = () => ({ value: traceId, writable: true, enumerable: true, configurable: true });

const environment = new Proxy(real, {
  get: (_target, key) => (key === NAME ? traceId : real[key]),
  set(_target, key, value) {
    if (key === NAME) traceId = String(value);
    else real[key] = value;
    return true;
  },
  has: (_target, key) => (key === NAME ? traceId !== undefined : key in real),
  deleteProperty(_target, key) {
    if (key === NAME) traceId = undefined;
    else delete real[key];
    return true;
  },
  ownKeys: () => (traceId === undefined ? Reflect.ownKeys(real) : [...Reflect.ownKeys(real), NAME]),
  getOwnPropertyDescriptor(_target, key) {
    if (key !== NAME) return Reflect.getOwnPropertyDescriptor(real, key);
    return traceId === undefined ? undefined : descriptor();
  },
  defineProperty(_target, key, given) {
    if (key !== NAME) return Reflect.defineProperty(real, key, given);
    traceId = String(given.value);
    return true;
  },
});

/** Takes the variable out of the real environment, and from there on keeps it here. */
function install() {
  traceId = real[NAME];
  delete real[NAME];
  process.env = environment;
}

/** @param {string | undefined} value of the invocation that begins */
function setTraceId(value) {
  traceId = value || undefined;
}

module.exports = { install, setTraceId };
