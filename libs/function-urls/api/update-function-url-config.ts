import type { OperationHandler } from '@hearth/aws-wire';
import { functionUrlConfig } from '../answer.js';
import { noSuchUrl } from '../errors.js';
import type { AuthType, Cors, InvokeMode } from '../function-url.js';
import { targetOf, type FunctionUrlParts } from '../parts.js';
import { corsOf } from '../settings.js';

interface UpdateFunctionUrlConfigInput {
  FunctionName: string;
  Qualifier?: string;
  AuthType?: AuthType;
  Cors?: Cors;
  InvokeMode?: InvokeMode;
}

/** Absent members stay; `Cors` replaces the old settings as a whole, and an empty one takes them away. */
export function updateFunctionUrlConfig({ store, addressing, clock }: FunctionUrlParts): OperationHandler {
  return async (input: UpdateFunctionUrlConfigInput, context) => {
    const { place } = targetOf(input, context, 'UpdateFunctionUrlConfig');
    const change = { ...(input.AuthType && { authType: input.AuthType }), ...(input.InvokeMode && { invokeMode: input.InvokeMode }), ...(input.Cors && { cors: corsOf(input.Cors) ?? null }) };
    const url = await store.update(place, change, new Date(clock.now()));
    if (url === undefined) throw noSuchUrl();
    return functionUrlConfig(url, addressing);
  };
}
