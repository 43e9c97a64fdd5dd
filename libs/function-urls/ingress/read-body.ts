import type { IncomingMessage } from 'node:http';
import { ServiceError } from '@hearth/kernel';

/** Bytes of a request's body (spec/invoke.md 6). */
export const MAX_BODY_BYTES = 6_291_456;

/**
 * The whole body.
 * @throws ServiceError RequestEntityTooLargeException; the rest of the body is not read then
 */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_BODY_BYTES) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size > MAX_BODY_BYTES) {
        request.pause();
        request.removeAllListeners('data');
        return reject(tooLarge());
      }
      parts.push(part);
    });
    request.on('end', () => resolve(parts.length === 1 ? parts[0]! : Buffer.concat(parts)));
    request.on('error', reject);
    request.on('close', () => reject(new ClientGone()));
  });
}

/** The client went away before its request was complete: there is nobody to answer. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';
}

export function tooLarge(): ServiceError {
  return new ServiceError('RequestEntityTooLargeException', 413, `Request must be smaller than ${MAX_BODY_BYTES} bytes for the InvokeFunction operation`, { fault: null, messageMember: 'Message' });
}
