import type { OperationHandler } from '@hearth/aws-wire';
import { conflict, notFound } from '@hearth/catalogue';
import { functionUrlConfig } from '../answer.js';
import type { AuthType, Cors, FunctionUrl, InvokeMode } from '../function-url.js';
import { functionIdOf, targetOf, type FunctionUrlParts } from '../parts.js';
import { corsOf } from '../settings.js';
import { newUrlId } from '../url-address.js';

interface CreateFunctionUrlConfigInput {
  FunctionName: string;
  Qualifier?: string;
  AuthType: AuthType;
  Cors?: Cors;
  InvokeMode?: InvokeMode;
}

export function createFunctionUrlConfig(parts: FunctionUrlParts): OperationHandler {
  const { store, addressing, clock } = parts;
  return async (input: CreateFunctionUrlConfigInput, context) => {
    const { reference, place } = targetOf(input, context, 'CreateFunctionUrlConfig');
    const cors = input.Cors && corsOf(input.Cors);
    const functionId = await functionIdOf(parts, place);
    if (functionId === undefined) throw notFound(reference.qualifier === undefined ? 'Function does not exist' : `Function not found: ${reference.arn}`);
    const now = new Date(clock.now());
    const url: FunctionUrl = {
      urlId: newUrlId(),
      functionId,
      accountId: reference.accountId,
      region: reference.region,
      functionName: reference.name,
      ...(reference.qualifier === undefined ? {} : { qualifier: reference.qualifier }),
      authType: input.AuthType,
      ...(cors === undefined ? {} : { cors }),
      invokeMode: input.InvokeMode ?? 'BUFFERED',
      createdAt: now,
      modifiedAt: now,
    };
    const outcome = await store.insert(url);
    if (outcome === 'no function') throw notFound('Function does not exist');
    if (outcome === 'exists') throw conflict(`Failed to create function url config for [functionArn = ${reference.arn}]. Error message:  FunctionUrlConfig exists for this Lambda function`);
    const { LastModifiedTime: _modified, InvokeMode, ...answer } = functionUrlConfig(url, addressing);
    return input.InvokeMode === undefined ? answer : { ...answer, InvokeMode };
  };
}
