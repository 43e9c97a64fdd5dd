import type { ResponseSink } from '../response-sink.js';
import { MAX_RESPONSE_BYTES, MAX_STREAM_BYTES, type ChannelAnswer } from './runtime-channel.js';

/** Content type of what a streaming runtime did not name (runtime-api.md section 1.3). */
export const STREAM_TYPE = 'application/octet-stream';
/** Of what came whole. */
const WHOLE_TYPE = 'application/json';

/** A response that comes in chunks: passed on as it comes, or collected for an invoker who wants it whole. */
export class StreamedResponse {
  private size = 0;
  private parts: Buffer[] = [];

  constructor(
    private readonly sink: ResponseSink | undefined,
    contentType: string | undefined,
  ) {
    sink?.begin(contentType ?? STREAM_TYPE);
  }

  /** @returns a promise when the source should pause until it settles */
  write(chunk: Buffer): Promise<void> | undefined {
    this.size += chunk.length;
    if (this.exceeded) {
      this.parts = [];
      return undefined;
    }
    if (this.sink !== undefined) return this.sink.write(chunk);
    this.parts.push(chunk);
    return undefined;
  }

  get exceeded(): boolean {
    return this.size > this.limit;
  }

  /** The answer, when no more comes. */
  end(): ChannelAnswer {
    if (this.exceeded) return { kind: 'too-large', limitBytes: this.limit, streaming: this.sink !== undefined };
    return this.sink === undefined ? { kind: 'response', body: Buffer.concat(this.parts, this.size) } : { kind: 'streamed', bytes: this.size };
  }

  private get limit(): number {
    return this.sink === undefined ? MAX_RESPONSE_BYTES : MAX_STREAM_BYTES;
  }
}

/** What came whole, to an invoker who takes a stream: one chunk. */
export function wholeToSink(sink: ResponseSink, contentType: string | undefined, body: Buffer): ChannelAnswer {
  sink.begin(contentType ?? WHOLE_TYPE);
  // Held already, and no more will come: nothing is there to pause.
  void sink.write(body);
  return { kind: 'streamed', bytes: body.length };
}
