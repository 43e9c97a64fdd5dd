import type { ServerResponse, IncomingMessage } from 'node:http';
import { InfrastructureError, PacedWriter } from '@hearth/kernel';
import type { ResponseSink } from '@hearth/sandbox';

/**
 * How a response travels from worker to fleet while it comes: parts of u8 kind | u32be length | bytes. Any number of chunks, then one
 * outcome, a frame as it answers other invocations whole.
 */
const CHUNK = 1;
const OUTCOME = 2;
const HEAD_BYTES = 5;
/** Content type of the function's response, percent-encoded. An answer with it is in parts. */
export const STREAM_HEADER = 'x-hearth-stream';

/** The worker's end. */
export class AnswerStream implements ResponseSink {
  #writer: PacedWriter | undefined;

  constructor(private readonly response: ServerResponse) {}

  get begun(): boolean {
    return this.#writer !== undefined;
  }

  begin(contentType: string): void {
    this.#writer = new PacedWriter(this.response);
    if (this.response.destroyed) return;
    this.response.writeHead(200, { 'content-type': 'application/octet-stream', [STREAM_HEADER]: encodeURIComponent(contentType) });
    this.response.flushHeaders();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    return this.#writer!.write(part(CHUNK, bytes));
  }

  end(outcome: Buffer): void {
    this.response.end(part(OUTCOME, outcome));
  }
}

/**
 * The fleet's end: passes chunks on, no faster than they are taken.
 * @returns the outcome's frame
 * @throws InfrastructureError when it ends without one
 */
export async function readAnswerStream(answer: IncomingMessage, sink: ResponseSink): Promise<Buffer> {
  sink.begin(decodeURIComponent(String(answer.headers[STREAM_HEADER])));
  const outcome: Buffer[] = [];
  let head = Buffer.alloc(0);
  let kind = 0;
  let left = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        const taken = HEAD_BYTES - head.length;
        head = Buffer.concat([head, rest.subarray(0, taken)]);
        rest = rest.subarray(taken);
        if (head.length < HEAD_BYTES) break;
        kind = head[0]!;
        left = head.readUInt32BE(1);
        head = Buffer.alloc(0);
        continue;
      }
      const bytes = rest.subarray(0, left);
      left -= bytes.length;
      rest = rest.subarray(bytes.length);
      if (kind === OUTCOME) outcome.push(bytes);
      else await sink.write(bytes);
    }
  }
  if (kind !== OUTCOME || left > 0) throw new InfrastructureError('the worker went away in the middle of a response');
  return Buffer.concat(outcome);
}

function part(kind: number, bytes: Uint8Array): Buffer {
  const whole = Buffer.allocUnsafe(HEAD_BYTES + bytes.length);
  whole[0] = kind;
  whole.writeUInt32BE(bytes.length, 1);
  whole.set(bytes, HEAD_BYTES);
  return whole;
}
