import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AwsEndpoint } from './aws-endpoint.js';
import { AwsRequest } from './aws-request.js';

/** What all paths of the invoke operations begin with. */
const FUNCTIONS_PATH = /^\/\d{4}-\d\d-\d\d\/functions\//;

/**
 * Takes invocations from the HTTP server itself, before the web framework: its router, hooks and body parsers would cost a warm
 * call as much as the signature does.
 * @param draining whether the server is about to close: connections end with their answer then
 * @returns a listener that tells whether it took the request
 */
export function invokeListener(endpoint: AwsEndpoint, draining: () => boolean): (raw: IncomingMessage, response: ServerResponse) => boolean {
  return (raw, response) => {
    if (raw.method !== 'POST' || !FUNCTIONS_PATH.test(raw.url ?? '')) return false;
    const request = new AwsRequest(raw);
    if (request.invokes === undefined) return false;
    if (draining()) response.setHeader('Connection', 'close');
    endpoint.admit(request, response, () => readBody(endpoint, request, raw, response));
    return true;
  };
}

/** A client that goes away in the middle of its body is owed nothing. */
function readBody(endpoint: AwsEndpoint, request: AwsRequest, raw: IncomingMessage, response: ServerResponse): void {
  const limit = endpoint.bodyLimit(request);
  const chunks: Buffer[] = [];
  let size = 0;
  const take = (chunk: Buffer): void => {
    size += chunk.length;
    chunks.push(chunk);
    if (size <= limit) return;
    raw.off('data', take).off('end', end).resume();
    response.setHeader('Connection', 'close');
    endpoint.bodyTooLarge(request, response);
  };
  const end = (): void => endpoint.answer(request, response, chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size));
  raw.on('data', take).on('end', end);
}
