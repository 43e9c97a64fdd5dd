import type { IncomingMessage, ServerResponse } from 'node:http';
import { ExtensionFault, faults } from './extension-fault.js';

/** Bodies of the Extensions and Telemetry APIs are small; stack traces are the largest. */
const MAX_BODY_BYTES = 256 * 1024;

export interface JsonAnswer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

/** Reads a request's body, lets `answer` see it, and renders the answer or the ExtensionFault it throws. */
export function exchange(request: IncomingMessage, response: ServerResponse, answer: (body: Buffer) => JsonAnswer): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  });
  request.on('end', () => {
    try {
      if (size > MAX_BODY_BYTES) throw faults.tooLarge(MAX_BODY_BYTES);
      const { status, body, headers } = answer(Buffer.concat(chunks));
      reply(response, status, body, headers);
    } catch (error) {
      refuse(response, error);
    }
  });
  // The extension went away before it had said everything: there is nobody to answer.
  request.on('error', () => undefined);
}

export function reply(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const text = Buffer.from(JSON.stringify(body), 'utf8');
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': text.length, ...headers }).end(text);
}

/** @throws what is no ExtensionFault */
export function refuse(response: ServerResponse, error: unknown): void {
  if (!(error instanceof ExtensionFault)) throw error;
  reply(response, error.status, { errorMessage: error.message, errorType: error.errorType });
}

/** @throws ExtensionFault */
export function jsonObject(body: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Refused below like everything that is no object.
  }
  throw faults.requestFormat('The body is not a JSON object.');
}

export function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
