'use strict';
/** The global `awslambda`, and the stream that a streaming handler writes to: its bytes go to the worker as they come (runtime-api.md 1.3). */
const { FRAME } = require('./frames.cjs');
const { STREAMING } = require('./load-handler.cjs');

const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const PRELUDE_END = Buffer.alloc(8);
/** A larger chunk is sent in pieces. */
const MAX_PIECE_BYTES = 65_536;
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');

let ResponseStream;

function defineResponseStream() {
  const { Writable } = require('node:stream');
  return class extends Writable {
    #channel;
    #id;
    #contentType;
    #prelude;
    #begun = false;
    #abandoned = false;

    constructor(channel, id, highWaterMark) {
      super(highWaterMark === undefined ? undefined : { highWaterMark });
      this.#channel = channel;
      this.#id = id;
    }

    setContentType(type) {
      this.#contentType = type;
    }

    /** @internal for HttpResponseStream.from */
    setPrelude(prelude) {
      this.#contentType = PRELUDE_TYPE;
      this.#prelude = JSON.stringify(prelude);
    }

    /** The invocation has failed: what was not sent yet is not part of its answer. */
    abandon() {
      this.#abandoned = true;
    }

    write(chunk, ...rest) {
      return super.write(asBytes(chunk), ...rest);
    }

    end(chunk, ...rest) {
      return super.end(chunk === null || typeof chunk === 'function' ? chunk : asBytes(chunk), ...rest);
    }

    _write(chunk, _encoding, done) {
      this.#begin();
      this.#send(chunk, 0, done);
    }

    _final(done) {
      if (!this.#abandoned) this.#begin();
      done();
    }

    #begin() {
      if (this.#begun || this.#abandoned) return;
      this.#begun = true;
      this.#channel.sendLater(FRAME.STREAM_START, { id: this.#id, contentType: this.#contentType }, '');
      if (this.#prelude === undefined) return;
      this.#channel.sendLater(FRAME.STREAM_CHUNK, { id: this.#id }, Buffer.concat([Buffer.from(this.#prelude), PRELUDE_END]));
    }

    #send(chunk, from, done) {
      if (this.#abandoned) return done();
      const to = Math.min(chunk.length, from + MAX_PIECE_BYTES);
      const sent = to === chunk.length ? done : () => this.#send(chunk, to, done);
      this.#channel.sendLater(FRAME.STREAM_CHUNK, { id: this.#id }, chunk.subarray(from, to), sent);
    }
  };
}

/** What is neither text nor bytes is sent as JSON. */
function asBytes(chunk) {
  if (chunk === undefined || chunk === null || typeof chunk === 'string' || ArrayBuffer.isView(chunk)) return chunk;
  return JSON.stringify(chunk);
}

/** Loaded on first use: `node:stream` costs boot time that ordinary handlers need not pay. */
function createResponseStream(channel, id, handler) {
  ResponseStream ??= defineResponseStream();
  return new ResponseStream(channel, id, handler[HIGH_WATER_MARK]);
}

function installGlobal() {
  globalThis.awslambda = {
    streamifyResponse(handler, options) {
      handler[STREAMING] = 'response';
      if (options?.highWaterMark) handler[HIGH_WATER_MARK] = options.highWaterMark;
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
