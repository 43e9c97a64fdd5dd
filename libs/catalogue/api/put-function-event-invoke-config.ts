import type { OperationHandler } from '@hearth/aws-wire';
import { writeConfig, type EventInvokeInput } from '../event-invoke-config.js';
import type { CatalogueParts } from '../parts.js';

/** Replaces: absent members are unset. */
export function putFunctionEventInvokeConfig(parts: CatalogueParts): OperationHandler {
  return (input: EventInvokeInput, context) =>
    writeConfig(parts, input, context, 'PutFunctionEventInvokeConfig', () => Promise.resolve({ maximumRetryAttempts: null, maximumEventAgeSeconds: null }));
}
