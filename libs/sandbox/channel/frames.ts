/**
 * Frames between the worker and Hearth's own runtime clients, both ways:
 * u32be length of the rest | u8 type | u32be header length | header JSON (UTF-8) | body bytes.
 */
export const FRAME = { ready: 1, response: 2, error: 3, initError: 4, streamStart: 5, streamChunk: 6, streamEnd: 7, invoke: 16, stayAwake: 17 } as const;

export interface Frame {
  type: number;
  header: Record<string, unknown>;
  /** Absent when it was longer than the decoder keeps; its bytes were dropped as they came. */
  body?: Buffer;
}

const PREFIX_BYTES = 9;
const MAX_HEADER_BYTES = 64 * 1024;

/** The peer does not speak the protocol; the connection has to end. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** One buffer per frame: one system call. The body's bytes are copied, never re-encoded. */
export function encodeFrame(type: number, header: object, body: Uint8Array): Buffer {
  const head = JSON.stringify(header);
  const headBytes = Buffer.byteLength(head);
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + headBytes + body.length);
  frame.writeUInt32BE(5 + headBytes + body.length, 0);
  frame[4] = type;
  frame.writeUInt32BE(headBytes, 5);
  frame.write(head, PREFIX_BYTES, headBytes, 'utf8');
  frame.set(body, PREFIX_BYTES + headBytes);
  return frame;
}

/**
 * Cuts a byte stream into frames. A hostile peer can make it hold no more than `maxBodyBytes` and one header. A `streamChunk` is given as
 * it comes, as one frame or several with the same header: its bytes are never put together.
 */
export class FrameDecoder {
  private chunks: Buffer[] = [];
  private size = 0;
  /** Bytes needed before looking again is worth it. */
  private wanted = PREFIX_BYTES;
  /** Bytes of an oversized body that are still to be dropped. */
  private dropping = 0;
  /** The chunk whose body is still coming. */
  private passing: { header: Record<string, unknown>; left: number } | undefined;

  constructor(
    private readonly maxBodyBytes: number,
    private readonly onFrame: (frame: Frame) => void,
  ) {}

  /** @throws FrameError */
  push(chunk: Buffer): void {
    let rest = chunk;
    if (this.dropping > 0) {
      const dropped = Math.min(this.dropping, rest.length);
      this.dropping -= dropped;
      rest = rest.subarray(dropped);
      if (rest.length === 0) return;
    }
    if (this.passing !== undefined) {
      rest = this.pass(rest);
      if (rest.length === 0) return;
    }
    this.chunks.push(rest);
    this.size += rest.length;
    if (this.size < this.wanted) return;
    const buffer = this.chunks.length === 1 ? rest : Buffer.concat(this.chunks, this.size);
    const left = this.decode(buffer);
    this.chunks = left.length > 0 ? [left] : [];
    this.size = left.length;
  }

  /** @returns what comes behind the chunk */
  private pass(bytes: Buffer): Buffer {
    const { header, left } = this.passing!;
    const body = bytes.subarray(0, left);
    this.passing = left > body.length ? { header, left: left - body.length } : undefined;
    if (body.length > 0) this.onFrame({ type: FRAME.streamChunk, header, body });
    return bytes.subarray(body.length);
  }

  /** Returns what does not make a whole frame yet. */
  private decode(whole: Buffer): Buffer {
    let buffer = whole;
    while (buffer.length >= PREFIX_BYTES) {
      const length = buffer.readUInt32BE(0);
      const headBytes = buffer.readUInt32BE(5);
      if (headBytes > MAX_HEADER_BYTES || length < 5 + headBytes) throw new FrameError('malformed frame');
      const headEnd = PREFIX_BYTES + headBytes;
      const end = 4 + length;
      if (buffer[4] === FRAME.streamChunk) {
        if (buffer.length < headEnd) {
          this.wanted = headEnd;
          return buffer;
        }
        this.passing = { header: parseHeader(buffer.toString('utf8', PREFIX_BYTES, headEnd)), left: end - headEnd };
        buffer = this.pass(buffer.subarray(headEnd));
        continue;
      }
      const oversized = end - headEnd > this.maxBodyBytes;
      const needed = oversized ? headEnd : end;
      if (buffer.length < needed) {
        this.wanted = needed;
        return buffer;
      }
      const header = parseHeader(buffer.toString('utf8', PREFIX_BYTES, headEnd));
      this.onFrame({ type: buffer[4]!, header, body: oversized ? undefined : buffer.subarray(headEnd, end) });
      this.dropping = Math.max(0, end - buffer.length);
      buffer = buffer.subarray(Math.min(end, buffer.length));
    }
    this.wanted = PREFIX_BYTES;
    return buffer;
  }
}

function parseHeader(text: string): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(text);
    if (typeof header === 'object' && header !== null) return header as Record<string, unknown>;
  } catch {
    // Reported below like every other malformed header.
  }
  throw new FrameError('malformed frame header');
}
