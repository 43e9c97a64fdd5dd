'use strict';
/**
 * One invocation: context, handler call and its single outcome. `settle` receives `{ body }`, `{ streamed }` or `{ error }`, once.
 */
const { RuntimeError } = require('./errors.cjs');
const { createResponseStream } = require('./streaming.cjs');

const environment = {
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
};

function buildContext(header) {
  const { deadlineMs } = header;
  return {
    callbackWaitsForEmptyEventLoop: true,
    ...environment,
    invokedFunctionArn: header.arn,
    awsRequestId: header.id,
    clientContext: header.clientContext ? JSON.parse(header.clientContext) : undefined,
    identity: header.cognitoIdentity ? JSON.parse(header.cognitoIdentity) : undefined,
    tenantId: header.tenantId,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

function toBody(result) {
  let body;
  try {
    body = JSON.stringify(result === undefined ? null : result);
  } catch (error) {
    // Circular structures and BigInt; the message is Node's.
    throw new RuntimeError('JSONStringifyError', `Unable to stringify response body: ${error.message}`);
  }
  // Functions and symbols have no JSON form.
  return body ?? 'null';
}

const isPromise = (value) => typeof value?.then === 'function';

class Invocation {
  /** Called when nothing is left to run while the outcome is still open. */
  onIdle = () => this.#settleWith(null);
  #context;
  #settle;
  #settled = false;
  #answered = false;

  constructor(header, settle) {
    this.#settle = settle;
    this.#context = buildContext(header);
  }

  run({ handler, streaming }, event, callbacks, channel) {
    if (streaming) {
      this.#runStreaming(handler, event, channel);
      return;
    }
    if (callbacks) this.#addLegacyMembers();
    let result;
    try {
      result = callbacks ? handler(event, this.#context, this.#callback) : handler(event, this.#context);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (isPromise(result)) {
      this.onIdle = () => this.#fail(new RuntimeError('NodeJsExit', 'The event loop is empty, but the handler has not finished.'));
      result.then(this.#succeed, this.#fail);
    } else if (!callbacks) {
      this.#succeed(result);
    }
  }

  /** The outcome goes out one turn later, so that an error already on its way (an unhandled rejection) belongs to this invocation. */
  #finish(outcome) {
    if (this.#settled) return;
    this.#settled = true;
    setImmediate(this.#settle, outcome);
  }

  #settleWith(result) {
    try {
      this.#finish({ body: toBody(result) });
    } catch (error) {
      this.#finish({ error });
    }
  }

  #succeed = (result) => this.#settleWith(result);
  #fail = (error) => this.#finish({ error });

  /** Only the first call counts. Errors leave at once, results when the event loop is empty unless the handler opted out. */
  #callback = (error, result) => {
    if (this.#answered) return;
    this.#answered = true;
    if (error !== undefined && error !== null) this.#fail(error);
    else if (this.#context.callbackWaitsForEmptyEventLoop) this.onIdle = () => this.#settleWith(result);
    else this.#succeed(result);
  };

  /** `context.done` and its kin, up to nodejs22.x. */
  #addLegacyMembers() {
    this.#context.done = (error, result) => (error === undefined || error === null ? this.#succeed(result) : this.#fail(error));
    this.#context.succeed = this.#succeed;
    this.#context.fail = (error) => this.#fail(error ?? 'handled');
  }

  #runStreaming(handler, event, channel) {
    const stream = createResponseStream(channel, this.#context.awsRequestId, handler);
    const finished = new Promise((resolve, reject) => {
      stream.once('finish', resolve);
      stream.once('error', reject);
      stream.once('close', () => reject(new RuntimeError('InvalidStreamingOperation', 'Response stream is not finished.')));
    });
    // Awaited below; a handler that fails first leaves it alone.
    finished.catch(() => {});
    this.onIdle = () => this.#fail(new RuntimeError('NodeJsExit', 'The event loop is empty, but the response stream is not finished.'));
    const call = async () => {
      const running = handler(event, stream, this.#context);
      if (!isPromise(running)) {
        throw new RuntimeError('MalformedStreamingHandler', 'Streaming does not support non-async handlers.');
      }
      if ((await running) !== undefined) console.warn('Streaming handlers ignore return values.');
      await finished;
      return { streamed: true };
    };
    call().then(
      (outcome) => this.#finish(outcome),
      (error) => {
        stream.abandon();
        this.#fail(error);
      },
    );
  }
}

module.exports = { Invocation };
