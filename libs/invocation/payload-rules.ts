import { isUtf8 } from 'node:buffer';
import { ServiceError } from '@hearth/kernel';
import type { InvokeCommand } from './invoke-command.js';

/** spec/invoke.md 1.1 */
export const MAX_PAYLOAD_BYTES = { RequestResponse: 6_291_456, Event: 1_048_576, DryRun: 6_291_456 } as const;

const EMPTY_EVENT = Buffer.from('{}');

/**
 * The event as the function gets it: the caller's bytes, or `{}` for an empty body (spec/invoke.md 1). Nothing is kept of the parsing, so a
 * Latin-1 view does, which parses fastest: UTF-8 inside strings does not change the structure.
 * @throws ServiceError RequestTooLargeException (413), InvalidRequestContentException (400)
 */
export function checkedPayload(payload: Buffer, type: InvokeCommand['invocationType']): Buffer {
  if (payload.length === 0) return EMPTY_EVENT;
  const limit = MAX_PAYLOAD_BYTES[type];
  if (payload.length > limit) {
    throw new ServiceError('RequestTooLargeException', 413, `${payload.length} byte payload is too large for the ${type} invocation type (limit ${limit} bytes)`, { messageMember: 'Message' });
  }
  try {
    if (!isUtf8(payload)) throw new SyntaxError('Invalid UTF-8');
    JSON.parse(payload.toString('latin1'));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ServiceError('InvalidRequestContentException', 400, `Could not parse request body into json: Could not parse payload into json: ${detail}`, { messageMember: 'message', cause: error });
  }
  return payload;
}
