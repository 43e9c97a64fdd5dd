import type { ServerResponse } from 'node:http';
import { eventStreamEvent, eventStreamFrame } from '@hearth/aws-wire';
import type { AnswerStream, InvokeAnswer } from '@hearth/invocation';
import { PacedWriter } from '@hearth/kernel';

const BYTES_TYPE = 'application/octet-stream';
/** Smaller chunks cost less in one write. */
const COPIED_BYTES = 4_096;
const STREAM_TYPE = 'application/vnd.amazon.eventstream';
/** A function error that has no type of its own. */
const UNTYPED_ERROR = 'Unhandled';
const PLATFORM_FAILURE = {
  functionError: 'Unhandled',
  errorType: 'Sandbox.Failure',
  payload: Buffer.from('{"errorType":"Sandbox.Failure","errorMessage":"The function could not be run to its end because of an internal failure."}'),
} as const;

/**
 * The answer of InvokeWithResponseStream: head, any number of chunks as they come, completion (spec/invoke.md 5). Until `begin` an error is
 * an ordinary HTTP answer, afterwards it is told by `complete`. A caller that goes away does not end its invocation: the rest is dropped.
 */
export class ResponseStream implements AnswerStream {
  begun = false;
  private readonly writer: PacedWriter;

  constructor(
    private readonly response: ServerResponse,
    private readonly headers: Readonly<Record<string, string>>,
  ) {
    this.writer = new PacedWriter(response);
  }

  begin({ executedVersion }: { executedVersion?: string }): void {
    this.begun = true;
    if (this.response.destroyed) return;
    this.response.writeHead(200, { ...this.headers, 'Content-Type': STREAM_TYPE, ...(executedVersion === undefined ? {} : { 'X-Amz-Executed-Version': executedVersion }) });
    this.response.flushHeaders();
  }

  /** Bytes of the response as the function gave them. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    if (bytes.byteLength === 0) return undefined;
    if (bytes.byteLength < COPIED_BYTES) return this.writer.write(eventStreamEvent('PayloadChunk', BYTES_TYPE, bytes));
    const { head, tail } = eventStreamFrame('PayloadChunk', BYTES_TYPE, bytes);
    void this.writer.write(head);
    void this.writer.write(bytes);
    return this.writer.write(tail);
  }

  /** A function error is told here, with its object as text. Always the last message. */
  complete({ functionError, errorType, payload, logTail }: Pick<InvokeAnswer, 'functionError' | 'errorType' | 'payload' | 'logTail'>): void {
    const event = {
      ...(functionError === undefined ? {} : { ErrorCode: errorType ?? UNTYPED_ERROR, ErrorDetails: Buffer.from(payload ?? []).toString('utf8') }),
      ...(logTail === undefined ? {} : { LogResult: Buffer.from(logTail).toString('base64') }),
    };
    this.response.end(eventStreamEvent('InvokeComplete', 'application/json', Buffer.from(JSON.stringify(event))));
  }

  /** It has begun, and nobody knows how it would have ended. */
  completeUnfinished(): void {
    this.complete(PLATFORM_FAILURE);
  }
}
