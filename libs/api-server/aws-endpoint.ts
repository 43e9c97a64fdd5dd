import { ServerResponse } from 'node:http';
import { ErrorRenderer, notImplemented, parseQuery, type OperationContext, type Permission, type QueryParameters, type RestJsonService, type SigV4Verifier, type WireResponse } from '@hearth/aws-wire';
import type { AccessKey, ParsedPolicy } from '@hearth/iam';
import { ServiceError, type Clock } from '@hearth/kernel';
import type { InvokeAnswer } from '@hearth/invocation';
import type { Logger } from 'pino';
import { authenticateHead, type KeyLookup } from './authentication.js';
import type { AwsRequest } from './aws-request.js';
import { baseUrlFor } from './base-url.js';
import { MAX_OTHER_REQUEST_BYTES, MAX_REQUEST_BYTES, payloadLimit, payloadTooLarge, requestTooLarge } from './body-limits.js';
import { forService, serviceNotImplemented } from './foreign-service.js';
import { CallFacts, type Guard, type ResourcePolicyLookup } from './guard.js';
import type { InvocationPort } from './invocation-port.js';
import type { Answerable } from './invoke-front/plain-answer.js';
import type { InvokeOperation } from './invoke-operation.js';
import { actionOf, parseInvoke } from './invoke-request.js';
import type { RequestTelemetry } from './request-telemetry.js';
import { ResponseStream } from './response-stream.js';
import type { ServedService } from './served-service.js';
import { answeredTraceHeader } from './trace-header.js';

export interface AwsEndpointParts {
  lambda: RestJsonService;
  /** By the service name of signatures, `lambda` among them. */
  services: ReadonlyMap<string, ServedService>;
  guard: Guard;
  /** Of Lambda functions and layers. */
  resourcePolicy: ResourcePolicyLookup;
  invocation: InvocationPort;
  verifier: SigV4Verifier;
  keys: KeyLookup;
  region: string;
  /** HEARTH_PUBLIC_URL; without it links point to the host that the caller used. */
  publicUrl: string | undefined;
  clock: Clock;
  logger: Logger;
  telemetry: RequestTelemetry;
}

const NO_BODY = Buffer.alloc(0);
const LAMBDA = 'lambda';
/** For callers who do not say which service they mean. */
const PLAIN_ERRORS = new ErrorRenderer();
const ONE_WRITE_BYTES = 16_384;

/**
 * The AWS-compatible endpoint without a web framework: {@link admit} before the body is read, {@link answer} with it. Nothing here
 * awaits on the warm path but the operation itself.
 */
export class AwsEndpoint {
  constructor(private readonly parts: AwsEndpointParts) {}

  /**
   * Refuses what can be refused without reading the body: bad signatures and bodies over the limit.
   * @param proceed called when the body may be read; otherwise the answer was written
   */
  admit(request: AwsRequest, response: Answerable, proceed: () => void): void {
    try {
      const pending = authenticateHead(this.parts.verifier, this.parts.keys, request);
      if (pending === undefined) {
        this.checkLength(request);
        proceed();
        return;
      }
      pending.then(() => this.checkLength(request)).then(proceed, (error: unknown) => this.fail(request, response, error));
    } catch (error) {
      this.fail(request, response, error);
    }
  }

  answer(request: AwsRequest, response: Answerable, body: Buffer = NO_BODY): void {
    try {
      const key = request.key!;
      const payload = this.parts.verifier.checkBody(request.presented!, key, body);
      const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
      const service = request.presented!.credential.service;
      const served = this.parts.services.get(service);
      if (served === undefined) throw serviceNotImplemented(service, [...this.parts.services.keys()]);
      const query = parseQuery(request.target.rawQuery);
      if (query === undefined) throw new ServiceError('InvalidParameterValueException', 400, 'The query string is not valid percent-encoding.');
      const done = request.invokes !== undefined && service === LAMBDA ? this.invoke(request.invokes, request, response, key, query, bytes) : this.operate(served, request, response, key, query, bytes);
      done.catch((error: unknown) => this.fail(request, response, error));
    } catch (error) {
      this.fail(request, response, error);
    }
  }

  /** The body was cut off at its limit. */
  bodyTooLarge(request: AwsRequest, response: Answerable): void {
    this.fail(request, response, this.tooLarge(request, undefined));
  }

  /** Renders what went wrong, wherever it was thrown; anything but a ServiceError is logged here, once. */
  fail(request: AwsRequest, response: Answerable, error: unknown): void {
    const known = error instanceof ServiceError ? error : undefined;
    if (known === undefined || known.status >= 500) {
      this.parts.logger[known?.status === 501 ? 'debug' : 'error']({ err: error, requestId: request.requestId, operation: request.operation }, 'request failed');
    }
    const code = known?.code ?? 'ServiceException';
    const service = request.service ?? LAMBDA;
    const served = this.parts.services.get(service);
    const rendered =
      served?.service.failure(error, request.requestId) ?? forService(service, PLAIN_ERRORS.render(error, request.requestId), code, known?.message ?? '', request.requestId);
    this.write(request, response, rendered, code);
  }

  // Kept `async` so that a synchronous throw of the parser rejects; its one await is the invocation itself.
  private async invoke(operation: InvokeOperation, request: AwsRequest, response: Answerable, key: AccessKey, query: QueryParameters, body: Buffer): Promise<void> {
    request.operation = operation;
    const now = this.parts.clock.now();
    const { command, resource } = parseInvoke(this.parts.lambda, {
      operation,
      functionName: decodeLabel(request.segments[2]!),
      query,
      headers: request.raw.headers,
      body,
      place: { region: this.parts.region, accountId: key.accountId, principalArn: key.principalArn, otherAccounts: true },
      requestId: request.requestId,
      now,
      arrivedAt: performance.timeOrigin + request.startedAt,
    });
    request.permission = { action: actionOf(operation), resource };
    const found = this.parts.resourcePolicy(resource);
    const policy = found instanceof Promise ? await found : found;
    const allowed = this.parts.guard.check(key, request.permission, new CallFacts(request.raw, now, this.parts.region), policy);
    if (allowed !== undefined) await allowed;
    const stream = operation === 'InvokeWithResponseStream' ? streamTo(request, response, command.traceHeader!) : undefined;
    if (stream !== undefined && command.invocationType === 'RequestResponse') command.stream = stream;
    const work = (): Promise<InvokeAnswer> => this.parts.invocation.invoke(command);
    const { around } = this.parts.telemetry;
    const answering = (around === undefined
      ? work()
      : around(
          { service: LAMBDA, operation, requestId: request.requestId, accountId: key.accountId, functionName: command.functionName, traceHeader: command.traceHeader },
          work,
        ));
    if (stream !== undefined) return this.completeStream(request, response, stream, await answering.catch(afterBegin(stream)), command.traceHeader!);
    const answer = await answering;
    this.writeInvokeAnswer(request, response, answer, command.traceHeader!);
  }

  private writeInvokeAnswer(request: AwsRequest, response: Answerable, answer: InvokeAnswer, trace: string): void {
    const payload = answer.payload;
    const headers: Record<string, string | number> = { 'x-amzn-RequestId': request.requestId, 'X-Amzn-Trace-Id': answeredTraceHeader(trace) };
    if (answer.statusCode !== 204) headers['Content-Length'] = payload?.byteLength ?? 0;
    if (payload !== undefined) headers['Content-Type'] = 'application/json';
    if (answer.executedVersion !== undefined) headers['X-Amz-Executed-Version'] = answer.executedVersion;
    if (answer.durableExecutionArn !== undefined) headers['X-Amz-Durable-Execution-Arn'] = answer.durableExecutionArn;
    if (answer.functionError !== undefined) headers['X-Amz-Function-Error'] = answer.functionError;
    if (answer.logTail !== undefined) headers['X-Amz-Log-Result'] = Buffer.from(answer.logTail.buffer, answer.logTail.byteOffset, answer.logTail.byteLength).toString('base64');
    response.writeHead(answer.statusCode, headers);
    endInOneWrite(response, payload);
    this.ended(request, answer.statusCode);
  }

  private completeStream(request: AwsRequest, response: Answerable, stream: ResponseStream, answer: InvokeAnswer, trace: string): void {
    if (answer.statusCode !== 200) return this.writeInvokeAnswer(request, response, answer, trace);
    if (!stream.begun) {
      stream.begin(answer);
      if (answer.functionError === undefined) void stream.write(answer.payload ?? NO_BODY);
    }
    stream.complete(answer);
    this.ended(request, answer.statusCode);
  }

  private async operate(served: ServedService, request: AwsRequest, response: Answerable, key: AccessKey, query: QueryParameters, body: Buffer): Promise<void> {
    const { service, operations, permissions, refusals } = served;
    const call = service.call({ method: request.raw.method ?? '', rawPath: request.target.rawPath, query, headers: request.raw.headers, body });
    const { operation } = call;
    request.operation = service.name === LAMBDA ? operation : `${service.name}:${operation}`;
    const handler = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
    if (handler === undefined) throw notImplemented(operation, refusals?.[operation]);
    const input = call.input();
    const facts = new CallFacts(request.raw, this.parts.clock.now(), this.parts.region);
    const context = this.contextOf(request, key, facts);
    const needed = await permissions[operation]!(input, context);
    const first = Array.isArray(needed) ? needed[0] : needed;
    request.permission = first ?? { action: `${service.name}:${operation}`, resource: '*' };
    await this.parts.guard.check(key, needed, facts, service.name === LAMBDA ? await this.resourcePolicies(needed) : undefined);
    const work = (): Promise<Record<string, unknown>> => handler(input, context);
    const { around } = this.parts.telemetry;
    const output = await (around === undefined ? work() : around({ service: service.name, operation, requestId: request.requestId, accountId: key.accountId }, work));
    this.write(request, response, service.answer(operation, output, request.requestId));
  }

  /** Of the functions and layers among what is asked for. */
  private async resourcePolicies(needed: Permission | Permission[]): Promise<Map<string, ParsedPolicy>> {
    const policies = new Map<string, ParsedPolicy>();
    for (const { action, resource } of [needed].flat()) {
      const policy = action.startsWith('lambda:') && resource !== '*' ? await this.parts.resourcePolicy(resource) : undefined;
      if (policy !== undefined) policies.set(resource, policy);
    }
    return policies;
  }

  private contextOf(request: AwsRequest, key: AccessKey, facts: CallFacts): OperationContext {
    return {
      accountId: key.accountId,
      region: this.parts.region,
      principalArn: key.principalArn,
      accessKeyId: key.accessKeyId,
      conditionKeys: facts.conditionKeys(),
      requestId: request.requestId,
      baseUrl: baseUrlFor(request.raw.headers.host, this.parts.publicUrl),
    };
  }

  private checkLength(request: AwsRequest): void {
    const length = Number(request.raw.headers['content-length'] ?? 0);
    if (length > this.bodyLimit(request)) throw this.tooLarge(request, length);
  }

  bodyLimit(request: AwsRequest): number {
    if (request.invokes !== undefined) return payloadLimit(request.invokes, request.raw.headers['x-amz-invocation-type'] as string | undefined);
    return request.service === LAMBDA ? MAX_REQUEST_BYTES : MAX_OTHER_REQUEST_BYTES;
  }

  private tooLarge(request: AwsRequest, bytes: number | undefined): ServiceError {
    if (request.invokes !== undefined) return payloadTooLarge(request.invokes, bytes, request.raw.headers['x-amz-invocation-type'] as string | undefined);
    if (request.service !== LAMBDA) return requestTooLarge(request.operation, MAX_OTHER_REQUEST_BYTES);
    try {
      const query = parseQuery(request.target.rawQuery);
      request.operation = this.parts.lambda.match(request.raw.method ?? '', request.target.rawPath, query ?? new Map()).operation.name;
    } catch (error) {
      // No operation has this path: the caller should learn that rather than a limit.
      if (error instanceof ServiceError) return error;
      throw error;
    }
    return requestTooLarge(request.operation);
  }

  private write(request: AwsRequest, response: Answerable, answer: WireResponse, errorCode?: string): void {
    // The socket may be gone, or an answer under way when a late failure arrives.
    if (!response.headersSent && !response.destroyed) {
      const headers: Record<string, string | number> = { 'x-amzn-RequestId': request.requestId, ...answer.headers };
      if (answer.status !== 204) headers['Content-Length'] = answer.body.byteLength;
      response.writeHead(answer.status, headers);
      response.end(answer.body);
    }
    this.ended(request, answer.status, errorCode);
  }

  private ended(request: AwsRequest, status: number, errorCode?: string): void {
    const { key, permission } = request;
    const time = this.parts.clock.now();
    const record = {
      time,
      operation: request.operation,
      status,
      errorCode,
      durationMs: performance.now() - request.startedAt,
      requestId: request.requestId,
      accountId: key?.accountId,
      accessKeyId: key?.accessKeyId,
      principalArn: key?.principalArn,
      service: request.presented?.credential.service,
      action: permission?.action,
      resource: permission?.resource,
    };
    this.parts.telemetry.ended?.({ ...record, facts: new CallFacts(request.raw, time, this.parts.region) });
    this.parts.logger.debug(record, 'request');
  }
}

function streamTo(request: AwsRequest, response: Answerable, trace: string): ResponseStream {
  if (!(response instanceof ServerResponse)) throw new Error('Streams need a response of the HTTP server');
  return new ResponseStream(response, { 'x-amzn-RequestId': request.requestId, 'X-Amzn-Trace-Id': answeredTraceHeader(trace) });
}

/** A failure that comes after the head cannot be an answer of its own any more. */
function afterBegin(stream: ResponseStream): (error: unknown) => never {
  return (error) => {
    if (stream.begun) stream.completeUnfinished();
    throw error;
  };
}

/** Node writes head and body together only when both are strings; Latin-1 keeps the body's bytes what they are. */
function endInOneWrite(response: Answerable, payload: Uint8Array | undefined): void {
  if (payload === undefined || payload.byteLength > ONE_WRITE_BYTES) response.end(payload);
  else response.end(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('latin1'), 'latin1');
}

function decodeLabel(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch (error) {
    throw new ServiceError('UnknownOperationException', 404, 'The path is not valid percent-encoding.', { fault: null, messageMember: 'message', cause: error });
  }
}
