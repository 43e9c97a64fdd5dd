'use strict';
/** Error types and shapes of Lambda's Node.js runtimes (invoke.md section 2). */

class RuntimeError extends Error {
  constructor(type, message, stack) {
    super(message);
    this.name = `Runtime.${type}`;
    // The class name stays out of the stack's first line.
    this.stack = stack ?? `${this.name}: ${this.message}\n${this.stack.split('\n').slice(1).join('\n')}`;
  }
}

/** The user's code may come from another realm or throw look-alikes, so `instanceof` alone does not do. */
function isErrorLike(value) {
  return (
    value instanceof Error ||
    (typeof value === 'object' &&
      value !== null &&
      typeof value.name === 'string' &&
      typeof value.message === 'string' &&
      typeof value.stack === 'string')
  );
}

/** The object the caller gets. */
function toErrorObject(error) {
  try {
    if (isErrorLike(error)) {
      return {
        errorType: String(error.name),
        errorMessage: String(error.message),
        trace: typeof error.stack === 'string' ? error.stack.split('\n') : [],
      };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    // Getters of the thrown value threw themselves, or it has no string form.
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
      trace: [],
    };
  }
}

function withHiddenMembers(_key, value) {
  if (!(value instanceof Error)) return value;
  const shown = { errorType: value.name, errorMessage: value.message, code: value.code, ...value };
  if (typeof value.stack === 'string') shown.stack = value.stack.split('\n');
  return shown;
}

/** What was thrown as an Error, for the log. */
function intoError(value) {
  return value instanceof Error ? value : new Error(toErrorObject(value).errorMessage);
}

/** The text of an error in a log line: name, message, code and stack as well as the error's own members. */
function toLogText(error) {
  try {
    return JSON.stringify(intoError(error), withHiddenMembers);
  } catch {
    // Circular members.
    return JSON.stringify(toErrorObject(error));
  }
}

module.exports = { RuntimeError, intoError, toErrorObject, toLogText };
