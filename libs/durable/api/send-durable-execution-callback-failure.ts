import type { OperationHandler } from '@hearth/aws-wire';
import { checkedErrorSize } from '../limits.js';
import type { ErrorObject } from '../operation.js';
import { completeFromOutside } from '../outside-changes.js';
import { changeCallback } from './complete-callback.js';
import type { DurableParts } from './parts.js';

export function sendDurableExecutionCallbackFailure(parts: DurableParts): OperationHandler {
  return ({ CallbackId, Error: error }: { CallbackId: string; Error?: ErrorObject }, context) => {
    checkedErrorSize(error, 'the request');
    return changeCallback(parts, CallbackId, context, (callback, now) => completeFromOutside(callback, { status: 'FAILED', error: error ?? {} }, now));
  };
}
