'use strict';
/**
 * `console` in Lambda's two formats (invoke.md 3.1 and 3.2). Lines are written synchronously to descriptor 1, so that every
 * line is in the log before the response that follows it leaves.
 */
const { writeSync } = require('node:fs');
const { intoError, toLogText } = require('./errors.cjs');

const LEVELS = { TRACE: 0, DEBUG: 1, INFO: 2, WARN: 3, ERROR: 4, FATAL: 5 };

/** What the lines of the moment belong to; set by the invocation loop. */
const current = { requestId: undefined, tenantId: undefined };

const json = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON';
const minimum = LEVELS[process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()] ?? LEVELS.TRACE;

let pause;
function write(line) {
  let bytes = Buffer.from(line, 'utf8');
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(1, bytes));
    } catch (error) {
      // The user's process.stdout makes the pipe non-blocking: wait for the reader instead of losing the line.
      if (error.code !== 'EAGAIN') return;
      pause ??= new Int32Array(new SharedArrayBuffer(4));
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

let formatWithOptions;
function format(values) {
  if (values.length === 1 && typeof values[0] === 'string') return values[0];
  formatWithOptions ??= require('node:util').formatWithOptions;
  return formatWithOptions({}, ...values);
}

function textLine(level, values) {
  const message = format(values).replaceAll('\n', '\r');
  return `${new Date().toISOString()}\t${current.requestId}\t${level}\t${message}\n`;
}

function errorMembers(error) {
  return {
    errorType: error.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
  };
}

function jsonLine(level, values) {
  const record = { timestamp: new Date().toISOString(), level, requestId: current.requestId };
  if (current.tenantId) record.tenantId = current.tenantId;
  if (values.length === 1) {
    // A single value stays structured.
    record.message = values[0];
    try {
      return `${JSON.stringify(record, (_key, value) => (value instanceof Error ? { ...errorMembers(value), ...value } : value))}\n`;
    } catch {
      // Circular or BigInt: its text form.
      record.message = format(values);
      return `${JSON.stringify(record)}\n`;
    }
  }
  record.message = format(values);
  const error = values.slice(1).find((value) => value instanceof Error);
  if (error) Object.assign(record, errorMembers(error));
  return `${JSON.stringify(record)}\n`;
}

const toLine = json ? jsonLine : textLine;

function writerOf(level) {
  if (LEVELS[level] < minimum) return () => {};
  return (...values) => write(toLine(level, values));
}

function patchConsole() {
  console.trace = writerOf('TRACE');
  console.debug = writerOf('DEBUG');
  console.log = console.info = writerOf('INFO');
  console.warn = writerOf('WARN');
  console.error = writerOf('ERROR');
  console.fatal = writerOf('FATAL');
}

/** `what` is the fixed phrase of Lambda's runtimes, for instance `Invoke Error`. */
function logError(what, error) {
  if (LEVELS.ERROR < minimum) return;
  write(json ? jsonLine('ERROR', [intoError(error)]) : textLine('ERROR', [`${what} \t${toLogText(error)}`]));
}

module.exports = { write, current, logError, patchConsole };
