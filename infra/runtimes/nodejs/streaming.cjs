'use strict';
/**
 * The global `awslambda`. The channel to the worker has no streamed answers yet: what a streaming handler writes is collected
 * and answered as one buffered response when the stream ends, which is what a buffered invoker of Lambda gets as well
 * (runtime-api.md 1.3).
 */
const { STREAMING } = require('./load-handler.cjs');

const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const PRELUDE_END = Buffer.alloc(8);

let CollectingStream;

/** Loaded on first use: `node:stream` costs boot time that ordinary handlers need not pay. */
function createResponseStream() {
  const { Writable } = require('node:stream');
  CollectingStream ??= class extends Writable {
    #chunks = [];
    #contentType;
    #prelude;

    setContentType(type) {
      this.#contentType = type;
    }

    /** @internal for HttpResponseStream.from */
    setPrelude(prelude) {
      this.#contentType = PRELUDE_TYPE;
      this.#prelude = JSON.stringify(prelude);
    }

    _write(chunk, _encoding, done) {
      this.#chunks.push(chunk);
      done();
    }

    collected() {
      const head = this.#prelude === undefined ? [] : [Buffer.from(this.#prelude), PRELUDE_END];
      return { contentType: this.#contentType ?? 'application/octet-stream', body: Buffer.concat([...head, ...this.#chunks]) };
    }
  };
  return new CollectingStream();
}

function installGlobal() {
  globalThis.awslambda = {
    streamifyResponse(handler, options) {
      handler[STREAMING] = 'response';
      if (options?.highWaterMark) handler[Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark')] = options.highWaterMark;
      return handler;
    },
    HttpResponseStream: {
      from(stream, prelude) {
        stream.setPrelude(prelude);
        return stream;
      },
    },
  };
}

module.exports = { createResponseStream, installGlobal };
