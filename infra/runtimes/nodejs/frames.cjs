'use strict';
/**
 * Frames of the runtime channel, both ways:
 * u32be length of the rest | u8 type | u32be header length | header JSON (UTF-8) | body bytes.
 */
const FRAME = { READY: 1, RESPONSE: 2, ERROR: 3, INIT_ERROR: 4, INVOKE: 16 };

/** One buffer per frame, so that a frame costs one system call. `body` is a string or bytes. */
function encodeFrame(type, header, body) {
  const head = JSON.stringify(header);
  const headLength = Buffer.byteLength(head);
  const isText = typeof body === 'string';
  const bodyLength = isText ? Buffer.byteLength(body) : body.length;
  const frame = Buffer.allocUnsafe(9 + headLength + bodyLength);
  frame.writeUInt32BE(5 + headLength + bodyLength, 0);
  frame[4] = type;
  frame.writeUInt32BE(headLength, 5);
  frame.write(head, 9, headLength, 'utf8');
  if (isText) frame.write(body, 9 + headLength, bodyLength, 'utf8');
  else frame.set(body, 9 + headLength);
  return frame;
}

/** Cuts a byte stream into frames and hands each to `onFrame(type, header, body)`. */
class FrameReader {
  #chunks = [];
  #size = 0;
  /** Bytes that must be there before it is worth looking again: large events arrive in 64 KB pieces. */
  #wanted = 4;
  #onFrame;

  constructor(onFrame) {
    this.#onFrame = onFrame;
  }

  push(chunk) {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    if (this.#size < this.#wanted) return;
    let buffer = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#size);
    this.#wanted = 4;
    while (buffer.length >= 4) {
      const end = 4 + buffer.readUInt32BE(0);
      if (buffer.length < end) {
        this.#wanted = end;
        break;
      }
      const headEnd = 9 + buffer.readUInt32BE(5);
      const header = JSON.parse(buffer.toString('utf8', 9, headEnd));
      this.#onFrame(buffer[4], header, buffer.subarray(headEnd, end));
      buffer = buffer.subarray(end);
    }
    this.#chunks = buffer.length > 0 ? [buffer] : [];
    this.#size = buffer.length;
  }
}

module.exports = { FRAME, FrameReader, encodeFrame };
