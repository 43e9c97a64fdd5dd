import type { IncomingMessage, ServerResponse } from 'node:http';
import { MAX_RESPONSE_BYTES } from './runtime-channel.js';

export const STATUS_OK = '{"status":"OK"}\n';

/** Status, errorType and errorMessage (runtime-api.md section 1.1). */
export const FAULT = {
  requestId: [400, 'InvalidRequestID', 'Invalid request ID'],
  tooLarge: [413, 'RequestEntityTooLarge', `Exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`],
  responseMode: [400, 'InvalidFunctionResponseMode', 'Invalid function response mode'],
  truncated: [400, 'TruncatedHTTPRequest', 'The request body was cut off'],
  invokeTimeout: [410, 'InvokeTimeout', 'Invoke timeout'],
  path: [404, 'NotFound', '404 page not found'],
  method: [405, 'MethodNotAllowed', '405 method not allowed'],
} as const;

export function reply(response: ServerResponse, status: number, body: string, type = 'application/json'): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

/** Reads what is left of the request, so that its connection can be used again. */
export function fail(request: IncomingMessage | undefined, response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  request?.resume();
  reply(response, status, JSON.stringify({ errorMessage, errorType }));
}

/** JSON text may hold characters that no header can: they travel as JSON escapes. */
export function headerValue(json: string): string {
  return json.replace(/[\u0000-\u001f]/g, ' ').replace(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
