import type { ServerResponse } from 'node:http';
import { notImplemented, parseQuery, type OperationHandler, type QueryParameters, type RestJsonService, type SigV4Verifier, type WireResponse } from '@hearth/aws-wire';
import { parseFunctionReference } from '@hearth/catalogue';
import { authorise, type AccessKey } from '@hearth/iam';
import { ServiceError, type Clock } from '@hearth/kernel';
import type { InvokeAnswer } from '@hearth/invocation';
import type { Logger } from 'pino';
import { authenticateHead, type KeyLookup } from './authentication.js';
import type { AwsRequest } from './aws-request.js';
import { MAX_REQUEST_BYTES, payloadLimit, payloadTooLarge, requestTooLarge } from './body-limits.js';
import { forService, serviceNotImplemented } from './foreign-service.js';
import type { InvocationPort } from './invocation-port.js';
import { parseInvoke } from './invoke-request.js';
import type { RequestTelemetry } from './request-telemetry.js';
import { answeredTraceHeader } from './trace-header.js';

export interface AwsEndpointParts {
  lambda: RestJsonService;
  operations: Readonly<Record<string, OperationHandler>>;
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
const SERVED = 'lambda';
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
  admit(request: AwsRequest, response: ServerResponse, proceed: () => void): void {
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

  answer(request: AwsRequest, response: ServerResponse, body: Buffer = NO_BODY): void {
    try {
      const key = request.key!;
      const payload = this.parts.verifier.checkBody(request.presented!, key, body);
      const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
      const service = request.presented!.credential.service;
      if (service !== SERVED) throw serviceNotImplemented(service);
      const query = parseQuery(request.target.rawQuery);
      if (query === undefined) throw new ServiceError('InvalidParameterValueException', 400, 'The query string is not valid percent-encoding.');
      const done = request.isInvoke ? this.invoke(request, response, key, query, bytes) : this.operate(request, response, key, query, bytes);
      done.catch((error: unknown) => this.fail(request, response, error));
    } catch (error) {
      this.fail(request, response, error);
    }
  }

  /** The body was cut off at its limit. */
  bodyTooLarge(request: AwsRequest, response: ServerResponse): void {
    this.fail(request, response, this.tooLarge(request, undefined));
  }

  /** Renders what went wrong, wherever it was thrown; anything but a ServiceError is logged here, once. */
  fail(request: AwsRequest, response: ServerResponse, error: unknown): void {
    const known = error instanceof ServiceError ? error : undefined;
    if (known === undefined || known.status >= 500) {
      this.parts.logger[known?.status === 501 ? 'debug' : 'error']({ err: error, requestId: request.requestId, operation: request.operation }, 'request failed');
    }
    const rendered = this.parts.lambda.errors.render(error, request.requestId);
    const service = request.presented?.credential.service;
    const code = known?.code ?? 'ServiceException';
    this.write(request, response, service === undefined || service === SERVED ? rendered : forService(service, rendered, code, known?.message ?? '', request.requestId), code);
  }

  // Kept `async` so that a synchronous throw of the parser rejects; its one await is the invocation itself.
  private async invoke(request: AwsRequest, response: ServerResponse, key: AccessKey, query: QueryParameters, body: Buffer): Promise<void> {
    request.operation = 'Invoke';
    const { command, resource } = parseInvoke(this.parts.lambda, {
      functionName: decodeLabel(request.segments[2]!),
      query,
      headers: request.raw.headers,
      body,
      place: { region: this.parts.region, accountId: key.accountId, principalArn: key.principalArn },
      requestId: request.requestId,
      now: this.parts.clock.now(),
      arrivedAt: performance.timeOrigin + request.startedAt,
    });
    authorise(key, 'lambda:InvokeFunction', resource);
    const work = (): Promise<InvokeAnswer> => this.parts.invocation.invoke(command);
    const { around } = this.parts.telemetry;
    const answer = await (around === undefined
      ? work()
      : around(
          { service: SERVED, operation: 'Invoke', requestId: request.requestId, accountId: key.accountId, functionName: command.functionName, traceHeader: command.traceHeader },
          work,
        ));
    this.writeInvokeAnswer(request, response, answer, command.traceHeader!);
  }

  private writeInvokeAnswer(request: AwsRequest, response: ServerResponse, answer: InvokeAnswer, trace: string): void {
    const payload = answer.payload;
    const headers: Record<string, string | number> = { 'x-amzn-RequestId': request.requestId, 'X-Amzn-Trace-Id': answeredTraceHeader(trace) };
    if (answer.statusCode !== 204) headers['Content-Length'] = payload?.byteLength ?? 0;
    if (payload !== undefined) headers['Content-Type'] = 'application/json';
    if (answer.executedVersion !== undefined) headers['X-Amz-Executed-Version'] = answer.executedVersion;
    if (answer.functionError !== undefined) headers['X-Amz-Function-Error'] = answer.functionError;
    if (answer.logTail !== undefined) headers['X-Amz-Log-Result'] = Buffer.from(answer.logTail.buffer, answer.logTail.byteOffset, answer.logTail.byteLength).toString('base64');
    response.writeHead(answer.statusCode, headers);
    endInOneWrite(response, payload);
    this.ended(request, answer.statusCode);
  }

  private async operate(request: AwsRequest, response: ServerResponse, key: AccessKey, query: QueryParameters, body: Buffer): Promise<void> {
    const { lambda, operations, region, telemetry } = this.parts;
    const { operation, labels } = lambda.match(request.raw.method ?? '', request.target.rawPath, query);
    request.operation = operation.name;
    const handler = Object.hasOwn(operations, operation.name) ? operations[operation.name] : undefined;
    if (handler === undefined) throw notImplemented(operation.name);
    const input = lambda.decode(operation, { labels, query, headers: request.raw.headers, body });
    authorise(key, `lambda:${operation.name}`, this.resourceOf(operation.name, input, key));
    const context = {
      accountId: key.accountId,
      region,
      principalArn: key.principalArn,
      requestId: request.requestId,
      baseUrl: this.parts.publicUrl ?? `http://${request.raw.headers.host}`,
    };
    const work = (): Promise<Record<string, unknown>> => handler(input, context);
    const output = await (telemetry.around === undefined
      ? work()
      : telemetry.around({ service: SERVED, operation: operation.name, requestId: request.requestId, accountId: key.accountId }, work));
    this.write(request, response, lambda.encode(operation, output));
  }

  /** Policies see the function as it was asked for; operations that name none have resource `*` (spec/iam-and-sts.md 4). */
  private resourceOf(operation: string, input: Record<string, unknown>, key: AccessKey): string {
    const name = input['FunctionName'];
    if (typeof name !== 'string') return '*';
    const qualifier = input['Qualifier'];
    const place = { region: this.parts.region, accountId: key.accountId, principalArn: key.principalArn, action: `lambda:${operation}` };
    return parseFunctionReference(name, typeof qualifier === 'string' ? qualifier : undefined, place).arn;
  }

  private checkLength(request: AwsRequest): void {
    const length = Number(request.raw.headers['content-length'] ?? 0);
    if (length > this.bodyLimit(request)) throw this.tooLarge(request, length);
  }

  bodyLimit(request: AwsRequest): number {
    return request.isInvoke ? payloadLimit(request.raw.headers['x-amz-invocation-type'] as string | undefined) : MAX_REQUEST_BYTES;
  }

  private tooLarge(request: AwsRequest, bytes: number | undefined): ServiceError {
    if (request.isInvoke) return payloadTooLarge(bytes, request.raw.headers['x-amz-invocation-type'] as string | undefined);
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

  private write(request: AwsRequest, response: ServerResponse, answer: WireResponse, errorCode?: string): void {
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
    const record = { operation: request.operation, status, errorCode, durationMs: performance.now() - request.startedAt, requestId: request.requestId, accountId: request.key?.accountId };
    this.parts.telemetry.ended?.(record);
    this.parts.logger.debug(record, 'request');
  }
}

/** Node writes head and body together only when both are strings; Latin-1 keeps the body's bytes what they are. */
function endInOneWrite(response: ServerResponse, payload: Uint8Array | undefined): void {
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
