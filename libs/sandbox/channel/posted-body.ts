import type { IncomingMessage } from 'node:http';
import { single } from './http-answers.js';
import { headerErrorType, MAX_RESPONSE_BYTES, type ChannelAnswer } from './runtime-channel.js';
import type { StreamedResponse } from './streamed-response.js';

/** How the body of a post ended; one of them is called, once. */
export interface BodyEnds<T> {
  whole(body: T): void;
  tooLarge(): void;
  truncated(): void;
}

/** The whole body. */
export function collect(request: IncomingMessage, on: BodyEnds<Buffer>): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const once = ending(request, on);
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_RESPONSE_BYTES) chunks.push(chunk);
    else once(on.tooLarge);
  });
  request.on('end', () => once(() => on.whole(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks))));
}

/** Passes a streamed body on, no faster than it is taken. A stream may still fail: its trailers say so (runtime-api.md section 1.3). */
export function passOn(request: IncomingMessage, stream: StreamedResponse, on: BodyEnds<ChannelAnswer>): void {
  const once = ending(request, on);
  request.on('data', (chunk: Buffer) => {
    const wait = stream.write(chunk);
    if (stream.exceeded) return once(on.tooLarge);
    if (wait === undefined) return;
    request.pause();
    void wait.then(() => request.resume());
  });
  request.on('end', () => once(() => on.whole(failureOf(request) ?? stream.end())));
}

export function errorAnswer(type: string | string[] | undefined, body: Buffer): ChannelAnswer {
  return { kind: 'error', errorType: headerErrorType(single(type)), body, exits: false };
}

export function truncatedAnswer(): ChannelAnswer {
  return errorAnswer('Runtime.TruncatedResponse', Buffer.from('{"errorType":"Runtime.TruncatedResponse","errorMessage":"The response was cut off."}'));
}

function failureOf({ trailers }: IncomingMessage): ChannelAnswer | undefined {
  const type = trailers['lambda-runtime-function-error-type'];
  return type === undefined ? undefined : errorAnswer(type, Buffer.from(trailers['lambda-runtime-function-error-body'] ?? '', 'base64'));
}

/** Runs the first of several endings. */
function ending(request: IncomingMessage, on: { truncated(): void }): (action: () => void) => void {
  let settled = false;
  const once = (action: () => void): void => {
    if (settled) return;
    settled = true;
    action();
  };
  request.on('close', () => once(on.truncated));
  // 'close' follows.
  request.on('error', () => undefined);
  return once;
}
