'use strict';
const { read, readSync, writeSync } = require('node:fs');

/**
 * Frames of the runtime channel, both ways:
 * u32be length of the rest | u8 type | u32be header length | header JSON (UTF-8) | body bytes.
 */
const FRAME = { READY: 1, RESPONSE: 2, ERROR: 3, INIT_ERROR: 4, STREAM_START: 5, STREAM_CHUNK: 6, STREAM_END: 7, INVOKE: 16, STAY_AWAKE: 17 };

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

/** Most events fit: one read, and no other buffer. */
const READ_BYTES = 65_536;

/** Frames over a connected socket, both ways blocking: the caller's thread waits in the kernel. */
class FrameChannel {
  #fd;
  #socket;
  /** Frames of `sendLater` that the worker has not taken yet. */
  #underWay = 0;
  #whenStill;
  /** Frames have been sent by `sendLater`: `whenStill` comes before anything else is. */
  flowing = false;
  #buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  #size = 0;

  /** @param socket a connected net.Socket of which nobody else reads or writes */
  constructor(socket) {
    socket._handle.setBlocking(true);
    this.#fd = socket._handle.fd;
    this.#socket = socket;
  }

  /**
   * Sends while the event loop goes on: a worker that takes nothing for a while must not stop the function.
   * @param done called when the frame is on its way, and the next one welcome
   */
  sendLater(type, header, body, done) {
    if (!this.flowing) {
      this.flowing = true;
      this.#socket._handle.setBlocking(false);
    }
    this.#underWay += 1;
    this.#socket.write(encodeFrame(type, header, body), () => {
      this.#underWay -= 1;
      done?.();
      if (this.#underWay === 0) this.#whenStill?.();
    });
  }

  /** When everything has been sent, the channel is as before, and `action` is called. */
  whenStill(action) {
    this.#whenStill = () => {
      this.#whenStill = undefined;
      this.flowing = false;
      this.#socket._handle.setBlocking(true);
      action();
    };
    if (this.#underWay === 0) this.#whenStill();
  }

  /** @returns `{ type, header, text }`, or undefined when the worker is gone */
  receive() {
    try {
      return this.#receive();
    } catch (error) {
      process.stderr.write(`hearth runtime: ${error.message}\n`);
      return undefined;
    }
  }

  /**
   * Like `receive`, but the event loop goes on meanwhile: the read waits in one of libuv's threads.
   * @param take called with what `receive` returns
   */
  receiveLater(take) {
    if (this.#size >= 4) return take(this.receive());
    read(this.#fd, this.#buffer, this.#size, this.#buffer.length - this.#size, null, (error, count) => {
      if (error || count === 0) return take(undefined);
      this.#size += count;
      this.receiveLater(take);
    });
  }

  /** Whatever cannot be written ends the process: the worker is gone. */
  send(type, header, body) {
    const frame = encodeFrame(type, header, body);
    try {
      for (let sent = 0; sent < frame.length; ) sent += writeSync(this.#fd, frame, sent);
    } catch (error) {
      process.stderr.write(`hearth runtime: ${error.message}\n`);
      process.exit(1);
    }
  }

  #receive() {
    if (!this.#fill(4)) return undefined;
    const end = 4 + this.#buffer.readUInt32BE(0);
    if (end > this.#buffer.length) return this.#receiveLarge(end);
    if (!this.#fill(end)) return undefined;
    const frame = parse(this.#buffer, end);
    this.#buffer.copyWithin(0, end, this.#size);
    this.#size -= end;
    return frame;
  }

  #receiveLarge(end) {
    const whole = Buffer.allocUnsafeSlow(end);
    this.#buffer.copy(whole, 0, 0, this.#size);
    for (let at = this.#size; at < end; ) {
      const count = readSync(this.#fd, whole, at, end - at);
      if (count === 0) return undefined;
      at += count;
    }
    this.#size = 0;
    return parse(whole, end);
  }

  #fill(size) {
    while (this.#size < size) {
      const count = readSync(this.#fd, this.#buffer, this.#size, this.#buffer.length - this.#size);
      if (count === 0) return false;
      this.#size += count;
    }
    return true;
  }
}

function parse(buffer, end) {
  const headEnd = 9 + buffer.readUInt32BE(5);
  return { type: buffer[4], header: JSON.parse(buffer.toString('utf8', 9, headEnd)), text: buffer.toString('utf8', headEnd, end) };
}

module.exports = { FRAME, FrameChannel };
