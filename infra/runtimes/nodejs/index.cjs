'use strict';
/**
 * Hearth's runtime client for Node.js: loads the handler, then serves invocations from the worker's socket, one at a time.
 * Between two of them it waits in read(2): nothing of the function runs then, as in Lambda's frozen environment (timers that
 * came due meanwhile fire in the next invocation), and an invocation costs two system calls.
 *
 * CommonJS, because a `.mjs` entry loads Node's ESM loader on every cold start, needed or not. Modules are few and required
 * late for the same reason.
 *
 * Exit statuses: 1 init failed or the worker is gone, 128 unhandled rejection, 129 uncaught exception (runtime-api.md section 7).
 */
const { AsyncResource } = require('node:async_hooks');
const { Socket } = require('node:net');
const { dirname } = require('node:path');
const { FRAME, FrameChannel } = require('./frames.cjs');
const { RuntimeError, intoError, toErrorObject } = require('./errors.cjs');
const log = require('./log.cjs');
const { loadHandler } = require('./load-handler.cjs');
const streaming = require('./streaming.cjs');
const { Tickets } = require('./tickets.cjs');
const { Invocation } = require('./invocation.cjs');
const { install: installTraceId, setTraceId } = require('./trace-id.cjs');

/** From this major version of the runtime on, handlers have no callback (runtime-api.md section 7). */
const NO_CALLBACKS_FROM = 24;
const runtimeName = /^AWS_Lambda_nodejs(\d+)\.x$/.exec(process.env.AWS_EXECUTION_ENV ?? '');
const callbacks = Number.parseInt(runtimeName?.[1] ?? process.versions.node, 10) < NO_CALLBACKS_FROM;

const socketPath = process.env.HEARTH_RUNTIME_SOCKET || '/run/hearth/runtime.sock';
delete process.env.HEARTH_RUNTIME_SOCKET;

const socket = new Socket();
/** Invocations begin outside of whatever async context the one before has entered. */
const outside = new AsyncResource('Invocation');
let channel;
const tickets = new Tickets(dirname(socketPath));
let loaded;
let header;
let invocation;
/** An extension in this process has work between invocations: the wait for events must not block it. */
let awake = false;

function next() {
  while (!awake) if (take(channel.receive())) return;
  channel.receiveLater((frame) => take(frame) || next());
}

/** @returns whether an invocation has begun */
function take(frame) {
  if (frame === undefined) process.exit(1);
  if (frame.type === FRAME.STAY_AWAKE) awake = true;
  if (frame.type !== FRAME.INVOKE || !mayBegin(frame.header)) return false;
  outside.runInAsyncScope(invoke, undefined, frame.header, frame.text);
  return true;
}

/** An event that was sent ahead begins with its ticket, and then its time does; its log lines come after its mark. */
function mayBegin(head) {
  if (head.ticket === undefined) return true;
  if (!tickets.take(head.ticket)) return false;
  head.deadlineMs = Date.now() + head.timeoutMs;
  log.write(head.mark);
  return true;
}

function invoke(head, text) {
  header = head;
  log.current.requestId = head.id;
  log.current.tenantId = head.tenantId;
  setTraceId(head.traceId);
  try {
    invocation = new Invocation(head, settle);
    invocation.run(loaded, JSON.parse(text), callbacks, channel);
  } catch (error) {
    setImmediate(settle, { error });
  }
}

function settle(outcome) {
  if (channel.flowing) return channel.whenStill(() => settle(outcome));
  const { id } = header;
  invocation = undefined;
  if (outcome.error === undefined && outcome.body !== undefined) {
    header = undefined;
    channel.send(FRAME.RESPONSE, { id }, outcome.body);
    return next();
  }
  if (outcome.streamed) {
    header = undefined;
    channel.send(FRAME.STREAM_END, { id }, '');
    return next();
  }
  log.logError('Invoke Error', outcome.error);
  header = undefined;
  const shown = toErrorObject(outcome.error);
  channel.send(FRAME.ERROR, { id, errorType: shown.errorType }, JSON.stringify(shown));
  next();
}

/** Reports and exits. `exits` tells the worker not to count on another invocation. */
function die(what, error, status) {
  log.logError(what, error);
  const shown = toErrorObject(error);
  if (channel === undefined) process.exit(status);
  if (channel.flowing) channel.whenStill(() => lastWords(shown, status));
  else lastWords(shown, status);
}

function lastWords(shown, status) {
  if (!loaded) channel.send(FRAME.INIT_ERROR, { errorType: shown.errorType }, JSON.stringify(shown));
  else if (header) channel.send(FRAME.ERROR, { id: header.id, errorType: shown.errorType, exits: true }, JSON.stringify(shown));
  process.exit(status);
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
installTraceId();
streaming.installGlobal();
// The stream must not read what is for the channel.
socket.pause();
socket.connect(socketPath, async () => {
  channel = new FrameChannel(socket);
  try {
    loaded = await loadHandler(process.env.LAMBDA_TASK_ROOT || '/var/task', process.env._HANDLER || '', callbacks);
  } catch (error) {
    die('Uncaught Exception', error, 1);
    return;
  }
  // From here on only the function's own work keeps the event loop alive: that is how an empty loop is noticed.
  socket.unref();
  channel.send(FRAME.READY, { ahead: tickets.usable }, '');
  next();
});
