import type { OperationHandler } from '@hearth/aws-wire';
import { heartbeat } from '../outside-changes.js';
import { changeCallback } from './complete-callback.js';
import type { DurableParts } from './parts.js';

export function sendDurableExecutionCallbackHeartbeat(parts: DurableParts): OperationHandler {
  return ({ CallbackId }: { CallbackId: string }, context) => changeCallback(parts, CallbackId, context, (callback, now) => ({ operation: heartbeat(callback, now), entries: [] }));
}
