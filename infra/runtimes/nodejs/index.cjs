'use strict';
/**
 * Hearth's runtime client for Node.js: loads the handler, then serves invocations from the worker's socket, one at a time.
 * CommonJS, because a `.mjs` entry loads Node's ESM loader on every cold start, needed or not. Modules are few and required
 * late for the same reason.
 *
 * Exit statuses: 1 init failed or the worker is gone, 128 unhandled rejection, 129 uncaught exception (runtime-api.md section 7).
 */
const { writeSync } = require('node:fs');
const { Socket } = require('node:net');
const { FRAME, FrameReader, encodeFrame } = require('./frames.cjs');
const { RuntimeError, intoError, toErrorObject } = require('./errors.cjs');
const log = require('./log.cjs');
const { loadHandler } = require('./load-handler.cjs');
const streaming = require('./streaming.cjs');
const { Invocation } = require('./invocation.cjs');

/** From this major version of the runtime on, handlers have no callback (runtime-api.md section 7). */
const NO_CALLBACKS_FROM = 24;
const runtimeName = /^AWS_Lambda_nodejs(\d+)\.x$/.exec(process.env.AWS_EXECUTION_ENV ?? '');
const callbacks = Number.parseInt(runtimeName?.[1] ?? process.versions.node, 10) < NO_CALLBACKS_FROM;

const socketPath = process.env.HEARTH_RUNTIME_SOCKET || '/run/hearth/runtime.sock';
delete process.env.HEARTH_RUNTIME_SOCKET;

const reader = new FrameReader((type, head, body) => {
  if (type === FRAME.INVOKE) invoke(head, body);
});
// Read into one buffer and past the stream machinery, which costs more than a small handler.
const socket = new Socket({
  onread: {
    buffer: Buffer.allocUnsafe(65_536),
    callback(length, buffer) {
      reader.push(Buffer.from(buffer.subarray(0, length)));
      return true;
    },
  },
});
let loaded;
let header;
let invocation;

/** One system call for what the socket takes at once; only the rest, if any, goes through the stream. */
function send(type, head, body, done) {
  let frame = encodeFrame(type, head, body);
  if (done === undefined && socket.writableLength === 0 && socket._handle?.fd >= 0) {
    try {
      const written = writeSync(socket._handle.fd, frame);
      if (written === frame.length) return;
      frame = frame.subarray(written);
    } catch (error) {
      // EAGAIN: the socket is full. Whatever else it is, the stream meets it as well and reports it.
      if (error.code !== 'EAGAIN') process.stderr.write(`hearth runtime: ${error.message}\n`);
    }
  }
  socket.write(frame, done);
}

function invoke(head, body) {
  header = head;
  log.current.requestId = head.id;
  log.current.tenantId = head.tenantId;
  if (head.traceId) process.env._X_AMZN_TRACE_ID = head.traceId;
  else delete process.env._X_AMZN_TRACE_ID;
  // While the handler runs, only its own work keeps the event loop alive: that is how an empty loop is noticed.
  socket.unref();
  try {
    invocation = new Invocation(head, settle);
    invocation.run(loaded, JSON.parse(body.toString('utf8')), callbacks);
  } catch (error) {
    setImmediate(settle, { error });
  }
}

function settle(outcome) {
  const { id } = header;
  invocation = undefined;
  socket.ref();
  if (outcome.error === undefined && outcome.body !== undefined) {
    header = undefined;
    send(FRAME.RESPONSE, outcome.contentType ? { id, contentType: outcome.contentType } : { id }, outcome.body);
    return;
  }
  log.logError('Invoke Error', outcome.error);
  header = undefined;
  const shown = toErrorObject(outcome.error);
  send(FRAME.ERROR, { id, errorType: shown.errorType }, JSON.stringify(shown));
}

/** Reports and exits. `exits` tells the worker not to count on another invocation. */
function die(what, error, status) {
  log.logError(what, error);
  const shown = toErrorObject(error);
  const leave = () => process.exit(status);
  if (socket.destroyed || socket.connecting) return leave();
  if (!loaded) send(FRAME.INIT_ERROR, { errorType: shown.errorType }, JSON.stringify(shown), leave);
  else if (header) send(FRAME.ERROR, { id: header.id, errorType: shown.errorType, exits: true }, JSON.stringify(shown), leave);
  else leave();
}

process.on('uncaughtException', (error) => die('Uncaught Exception', error, 129));
process.on('unhandledRejection', (reason) => {
  const text = reason instanceof Error ? String(reason) : intoError(reason).message;
  const error = new RuntimeError('UnhandledPromiseRejection', text);
  error.reason = reason;
  die('Unhandled Promise Rejection', error, 128);
});
process.on('beforeExit', () => invocation?.onIdle());

socket.on('error', (error) => {
  process.stderr.write(`hearth runtime: ${error.message}\n`);
  process.exit(1);
});
socket.on('end', () => process.exit(1));

// `global.gc`, which Lambda's images have by a flag, without the flag's price at boot.
Object.defineProperty(globalThis, 'gc', {
  configurable: true,
  get() {
    require('node:v8').setFlagsFromString('--expose-gc');
    const gc = require('node:vm').runInNewContext('gc');
    Object.defineProperty(globalThis, 'gc', { configurable: true, writable: true, value: gc });
    return gc;
  },
});

log.patchConsole();
streaming.installGlobal();
socket.connect(socketPath, async () => {
  try {
    loaded = await loadHandler(process.env.LAMBDA_TASK_ROOT || '/var/task', process.env._HANDLER || '', callbacks);
  } catch (error) {
    die('Uncaught Exception', error, 1);
    return;
  }
  send(FRAME.READY, {}, '');
});
