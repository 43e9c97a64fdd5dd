import type { ServerResponse } from 'node:http';
import type { AnswerStream } from '@hearth/invocation';
import { PacedWriter } from '@hearth/kernel';
import { streamHead, type HttpHead } from './url-response.js';

/** Announces that a stream begins with the head of the HTTP answer (spec/invoke.md 6, RESPONSE_STREAM). */
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const PRELUDE_END = Buffer.alloc(8);
const MAX_PRELUDE_BYTES = 1_048_576;

/** A function's response on its way to the client of its URL. A client that goes away does not end the invocation: the rest is dropped. */
export class UrlStream implements AnswerStream {
  /** `refused`: what should have been the prelude is none, and the caller of `end` answers. */
  private state: 'none' | 'prelude' | 'body' | 'refused' = 'none';
  private prelude = Buffer.alloc(0);
  private readonly writer: PacedWriter;

  /** @param writeHead writes status and headers to the same response */
  constructor(
    private readonly response: ServerResponse,
    private readonly writeHead: (head: HttpHead) => void,
  ) {
    this.writer = new PacedWriter(response);
  }

  get begun(): boolean {
    return this.state !== 'none';
  }

  begin({ contentType }: { contentType: string }): void {
    if (contentType === PRELUDE_TYPE) this.state = 'prelude';
    else this.open(streamHead({}, contentType));
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.state === 'body') return this.writer.write(bytes);
    if (this.state !== 'prelude') return undefined;
    this.prelude = Buffer.concat([this.prelude, bytes]);
    const end = this.prelude.indexOf(PRELUDE_END);
    if (end < 0) {
      if (this.prelude.length > MAX_PRELUDE_BYTES) this.open(undefined);
      return undefined;
    }
    const body = this.prelude.subarray(end + PRELUDE_END.length);
    const opened = this.open(headOf(this.prelude.toString('utf8', 0, end)));
    return opened && body.length > 0 ? this.writer.write(body) : undefined;
  }

  /**
   * No more will come.
   * @returns false when nothing was written, so that the answer is still to be given
   */
  end(failed: boolean): boolean {
    if (this.state !== 'body') return false;
    // Cut off, so that the client does not take what it has for the whole.
    if (failed) this.response.destroy();
    else this.response.end();
    return true;
  }

  private open(head: HttpHead | undefined): boolean {
    this.prelude = Buffer.alloc(0);
    this.state = head === undefined ? 'refused' : 'body';
    if (head !== undefined) this.writeHead(head);
    return head !== undefined;
  }
}

function headOf(text: string): HttpHead | undefined {
  try {
    return streamHead(JSON.parse(text));
  } catch {
    return undefined; // Not JSON.
  }
}
