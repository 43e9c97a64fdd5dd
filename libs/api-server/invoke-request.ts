import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { QueryParameters, RestJsonService } from '@hearth/aws-wire';
import { parseFunctionReference, type CallerPlace } from '@hearth/catalogue';
import type { InvokeCommand } from '@hearth/invocation';
import { functionArn, ServiceError } from '@hearth/kernel';
import { payloadLimit, payloadTooLarge } from './body-limits.js';
import type { InvokeOperation } from './invoke-operation.js';
import { traceHeader } from './trace-header.js';

/** The form nearly every call has: a bare name. Everything else takes the slower, exact way. */
const PLAIN_NAME = /^[a-zA-Z0-9-_]{1,64}$/;
const PLAIN_QUALIFIER = /^(?:\$LATEST|[a-zA-Z0-9-_]{1,128})$/;
/** Characters of the base64 text (spec/invoke.md 1). */
const MAX_CLIENT_CONTEXT = 3_583;
const EMPTY_EVENT = Buffer.from('{}');

export interface InvokeRequest {
  operation: InvokeOperation;
  /** Decoded label of the path. */
  functionName: string;
  query: QueryParameters;
  headers: IncomingHttpHeaders;
  body: Buffer;
  place: CallerPlace & { principalArn: string };
  requestId: string;
  /** Milliseconds since the epoch. */
  now: number;
  /** When its head came, the same way. */
  arrivedAt: number;
}

export interface ParsedInvoke {
  command: InvokeCommand;
  /** ARN as requested, with the qualifier only when the caller gave one: what policies see. */
  resource: string;
}

/** What `X-Amz-Invocation-Type` may say; InvokeAsync has no such header. */
const TYPES: Readonly<Record<InvokeOperation, readonly (string | undefined)[]>> = {
  Invoke: [undefined, 'RequestResponse', 'Event', 'DryRun'],
  InvokeWithResponseStream: [undefined, 'RequestResponse', 'DryRun'],
  InvokeAsync: [],
};

/**
 * Parses and checks a request of one of the invoke operations (spec/invoke.md 1 and 5), but for its event, which only those who may invoke are told about. Synchronous and without copies of the payload: this is the hot path.
 * @throws ServiceError
 */
export function parseInvoke(lambda: RestJsonService, request: InvokeRequest): ParsedInvoke {
  const { operation, headers, query, place } = request;
  const type = headers['x-amz-invocation-type'] as string | undefined;
  const logType = headers['x-amz-log-type'] as string | undefined;
  const qualifier = query.get('Qualifier')?.[0];
  const durableExecutionName = headers['x-amz-durable-execution-name'] as string | undefined;
  const plain =
    durableExecutionName === undefined &&
    PLAIN_NAME.test(request.functionName) &&
    (qualifier === undefined || PLAIN_QUALIFIER.test(qualifier)) &&
    TYPES[operation].includes(type) &&
    (logType === undefined || logType === 'None' || logType === 'Tail');
  if (!plain) validateByModel(lambda, request);
  refuseUnsupported(headers);
  const invocationType = operation === 'InvokeAsync' ? 'Event' : ((type ?? 'RequestResponse') as InvokeCommand['invocationType']);
  if (request.body.length > payloadLimit(operation, invocationType)) throw payloadTooLarge(operation, request.body.length, invocationType);
  const reference = plain
    ? { name: request.functionName, qualifier, accountId: place.accountId, arn: functionArn(place.region, place.accountId, request.functionName, qualifier) }
    : parseFunctionReference(request.functionName, operation === 'InvokeAsync' ? undefined : qualifier, { ...place, action: actionOf(operation) });
  const clientContext = readClientContext(headers['x-amz-client-context'] as string | undefined);
  const payload = request.body.length === 0 ? EMPTY_EVENT : request.body;
  const synchronous = invocationType === 'RequestResponse';
  return {
    resource: reference.arn,
    command: {
      accountId: reference.accountId,
      region: place.region,
      functionName: reference.name,
      qualifier: reference.qualifier,
      qualifiedByCaller: reference.qualifier !== undefined,
      invocationType,
      payload,
      // Both are for synchronous invocations only; Lambda drops them otherwise.
      clientContext: synchronous ? clientContext : undefined,
      wantsLogTail: synchronous && logType === 'Tail',
      traceHeader: traceHeader(headers['x-amzn-trace-id'], request.now),
      requestId: request.requestId,
      ...(durableExecutionName !== undefined && { durableExecutionName }),
      received: [request.arrivedAt, request.now],
    },
  };
}

/** The permission a caller needs. */
export function actionOf(operation: InvokeOperation): string {
  return operation === 'InvokeAsync' ? 'lambda:InvokeAsync' : 'lambda:InvokeFunction';
}

function validateByModel(lambda: RestJsonService, { operation, functionName, query, headers, body }: InvokeRequest): void {
  lambda.decode(lambda.model.operations[operation]!, { labels: { FunctionName: functionName }, query, headers, body });
}

/** A header of a feature that Hearth does not have is refused, never ignored. */
function refuseUnsupported(headers: IncomingHttpHeaders): void {
  if (headers['x-amz-tenant-id'] !== undefined) {
    throw invalidParameter('The invoked function is not enabled with tenancy configuration: Hearth does not implement TenantId yet. Remove the tenant ID from your request and try again.');
  }
}

function readClientContext(encoded: string | undefined): string | undefined {
  if (encoded === undefined || encoded === '') return undefined;
  if (encoded.length > MAX_CLIENT_CONTEXT) {
    throw invalidContent(`Client context must be no more than ${MAX_CLIENT_CONTEXT} bytes of base64-encoded data.`);
  }
  const bytes = Buffer.from(encoded, 'base64');
  const text = bytes.toString('utf8');
  try {
    if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded) || !isUtf8(bytes)) throw new SyntaxError('not base64 of UTF-8');
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('not an object');
  } catch (error) {
    throw invalidContent('Client context must be a valid Base64-encoded JSON object.', error);
  }
  return text;
}

function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterValueException', 400, message, { messageMember: 'message' });
}

function invalidContent(message: string, cause?: unknown): ServiceError {
  return new ServiceError('InvalidRequestContentException', 400, message, { messageMember: 'message', cause });
}
