import { ServiceError } from '@hearth/kernel';
import type { InvokeCommand } from './invoke-command.js';

/** spec/invoke.md 1.1 */
export const MAX_PAYLOAD_BYTES = { RequestResponse: 6_291_456, Event: 1_048_576, DryRun: 6_291_456 } as const;

const EMPTY_EVENT = Buffer.from('{}');

/**
 * The event as the function gets it: the caller's bytes, or `{}` for an empty body (spec/invoke.md 1).
 * @throws ServiceError RequestTooLargeException (413), InvalidRequestContentException (400)
 */
export function checkedPayload(payload: Buffer, type: InvokeCommand['invocationType']): Buffer {
  if (payload.length === 0) return EMPTY_EVENT;
  const limit = MAX_PAYLOAD_BYTES[type];
  if (payload.length > limit) {
    throw new ServiceError('RequestTooLargeException', 413, `${payload.length} byte payload is too large for the ${type} invocation type (limit ${limit} bytes)`, { messageMember: 'Message' });
  }
  try {
    JSON.parse(payload.toString('utf8'));
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ServiceError('InvalidRequestContentException', 400, `Could not parse request body into json: Could not parse payload into json: ${detail}`, { messageMember: 'message', cause: error });
  }
  return payload;
}
