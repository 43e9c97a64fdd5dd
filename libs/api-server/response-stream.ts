import type { ServerResponse } from 'node:http';
import { eventStreamEvent } from '@hearth/aws-wire';
import type { InvokeAnswer } from '@hearth/invocation';

const STREAM_TYPE = 'application/vnd.amazon.eventstream';
/** A function error that has no type of its own. */
const UNTYPED_ERROR = 'Unhandled';

/**
 * The answer of InvokeWithResponseStream: head, any number of chunks, completion (spec/invoke.md 5). Chunks may be written as they
 * come: until `begin` an error is an ordinary HTTP answer, afterwards it is told by `complete`.
 */
export class ResponseStream {
  constructor(
    private readonly response: ServerResponse,
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  begin(executedVersion: string | undefined): void {
    this.response.writeHead(200, { ...this.headers, 'Content-Type': STREAM_TYPE, ...(executedVersion === undefined ? {} : { 'X-Amz-Executed-Version': executedVersion }) });
  }

  /** Bytes of the response as the function gave them. */
  chunk(bytes: Uint8Array): void {
    if (bytes.byteLength > 0) this.response.write(eventStreamEvent('PayloadChunk', 'application/octet-stream', bytes));
  }

  /** A function error is told here, with its object as text. Always the last message. */
  complete({ functionError, errorType, payload, logTail }: Pick<InvokeAnswer, 'functionError' | 'errorType' | 'payload' | 'logTail'>): void {
    const event = {
      ...(functionError === undefined ? {} : { ErrorCode: errorType ?? UNTYPED_ERROR, ErrorDetails: Buffer.from(payload ?? []).toString('utf8') }),
      ...(logTail === undefined ? {} : { LogResult: Buffer.from(logTail).toString('base64') }),
    };
    this.response.end(eventStreamEvent('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(event))));
  }
}
