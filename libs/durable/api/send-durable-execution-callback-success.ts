import type { OperationHandler } from '@hearth/aws-wire';
import { invalidParameter } from '../errors.js';
import { MAX_CALLBACK_RESULT_BYTES } from '../limits.js';
import { completeFromOutside } from '../outside-changes.js';
import { changeCallback } from './complete-callback.js';
import type { DurableParts } from './parts.js';

export function sendDurableExecutionCallbackSuccess(parts: DurableParts): OperationHandler {
  return ({ CallbackId, Result }: { CallbackId: string; Result?: Buffer }, context) => {
    if (Result !== undefined && Result.length > MAX_CALLBACK_RESULT_BYTES) throw invalidParameter(`Result: at most ${MAX_CALLBACK_RESULT_BYTES} bytes are kept.`);
    const result = Result === undefined || Result.length === 0 ? undefined : Result.toString('utf8');
    return changeCallback(parts, CallbackId, context, (callback, now) => completeFromOutside(callback, { status: 'SUCCEEDED', result }, now));
  };
}
