import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ErrorRenderer, splitTarget, type PresentedSignature, type RequestTarget, type SigV4Verifier } from '@hearth/aws-wire';
import type { AccessKey, RequestFacts } from '@hearth/iam';
import type { InvokeAnswer, InvokeCommand } from '@hearth/invocation';
import { ServiceError, type Clock } from '@hearth/kernel';
import { makeTraceHeader, parseTraceHeader, type Logger } from '@hearth/telemetry';
import type { FunctionUrl } from '../function-url.js';
import { calledUrl, domainOf, type CalledUrl, type UrlAddressing } from '../url-address.js';
import type { UrlDirectory } from '../url-directory.js';
import { clientAddress, type ClientAddress } from './client-address.js';
import { answerHeaders, isCorsHeader, preflightHeaders } from './cors.js';
import { ClientGone, readBody, tooLarge } from './read-body.js';
import { permissionsToCall, type UrlGuard } from './url-access.js';
import { urlEvent } from './url-event.js';
import { httpAnswer, type HttpAnswer, type HttpHead } from './url-response.js';
import { UrlStream } from './url-stream.js';

export interface UrlEndpointParts {
  directory: UrlDirectory;
  addressing: UrlAddressing;
  verifier: SigV4Verifier;
  /** iam's KeyStore. */
  keys: { lookup(accessKeyId: string): AccessKey | undefined | Promise<AccessKey | undefined> };
  guard: UrlGuard;
  /** invocation's InvocationService. */
  invocation: { invoke(command: InvokeCommand): Promise<InvokeAnswer> };
  /** Proxies of the operator's own in front of this server. */
  proxies: number;
  clock: Clock;
  logger: Logger;
  /** After each answer. Must not throw. */
  ended?: (record: { operation: string; status: number; requestId: string }) => void;
}

/** One request on its way. */
class Exchange {
  readonly requestId = randomUUID();
  readonly target: RequestTarget;
  traceHeader = '';
  url: FunctionUrl | undefined;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
  ) {
    this.target = splitTarget(request.url ?? '/');
  }
}

const FORBIDDEN = 'Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html';
const BAD_GATEWAY: HttpAnswer = { status: 502, headers: { 'Content-Type': 'application/json' }, cookies: [], body: Buffer.from('Internal Server Error') };
const OPERATION = 'InvokeFunctionUrl';

/** Function URLs without their server: authenticates, authorises, runs, and maps both ways (spec/invoke.md 6). */
export class UrlEndpoint {
  private readonly errors = new ErrorRenderer();

  constructor(private readonly parts: UrlEndpointParts) {}

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const exchange = new Exchange(request, response);
    try {
      exchange.traceHeader = traceHeaderOf(request, this.parts.clock.now());
      const called = calledUrl(request.headers.host, exchange.target.rawPath, this.parts.addressing.region);
      const url = called && (await this.parts.directory.find(called.urlId));
      if (url === undefined) return this.refuseUnknown(exchange);
      exchange.url = url;
      if (this.answeredPreflight(exchange, url)) return;
      await this.run(exchange, called as CalledUrl, url);
    } catch (error) {
      this.fail(exchange, error);
    }
  }

  private async run(exchange: Exchange, called: CalledUrl, url: FunctionUrl): Promise<void> {
    const signed = url.authType === 'AWS_IAM' ? await this.authenticate(exchange) : undefined;
    const { functionArn, permissions } = permissionsToCall(url);
    await this.parts.guard.check(signed?.key, permissions, functionArn, this.factsOf(exchange));
    let body = await readBody(exchange.request);
    if (signed !== undefined) body = asBuffer(this.parts.verifier.checkBody(signed.presented, signed.key, body));
    const event = Buffer.from(JSON.stringify(this.eventOf(exchange, called, url, body, signed?.key)));
    const stream = url.invokeMode === 'RESPONSE_STREAM' ? new UrlStream(exchange.response, (head) => this.writeHead(exchange, head)) : undefined;
    const answer = await this.invoke(exchange, url, event, stream);
    const failed = answer.functionError !== undefined;
    if (stream?.end(failed)) return this.parts.ended?.({ operation: OPERATION, status: exchange.response.statusCode, requestId: exchange.requestId });
    if (stream?.begun) return this.write(exchange, BAD_GATEWAY);
    this.write(exchange, (!failed ? httpAnswer(answer.payload ?? new Uint8Array()) : undefined) ?? BAD_GATEWAY);
  }

  private async invoke({ requestId, traceHeader }: Exchange, url: FunctionUrl, payload: Buffer, stream?: UrlStream): Promise<InvokeAnswer> {
    try {
      return await this.parts.invocation.invoke({
        accountId: url.accountId,
        region: url.region,
        functionName: url.functionName,
        ...(url.qualifier === undefined ? {} : { qualifier: url.qualifier }),
        qualifiedByCaller: url.qualifier !== undefined,
        invocationType: 'RequestResponse',
        payload,
        traceHeader,
        requestId,
        wantsLogTail: false,
        ...(stream && { stream }),
      });
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      // The alias was deleted: the URL leads nowhere any more.
      if (error.code === 'ResourceNotFoundException') throw forbidden();
      if (error.code === 'RequestTooLargeException') throw tooLarge();
      throw error;
    }
  }

  /** @throws ServiceError of spec/iam-and-sts.md 2.4; a request without a signature is Forbidden */
  private async authenticate({ request, target }: Exchange): Promise<{ presented: PresentedSignature; key: AccessKey }> {
    const { verifier, keys } = this.parts;
    let presented: PresentedSignature;
    try {
      presented = verifier.present({ method: request.method ?? '', rawPath: target.rawPath, rawQuery: target.rawQuery, rawHeaders: request.rawHeaders });
    } catch (error) {
      if (error instanceof ServiceError && error.code === 'MissingAuthenticationTokenException') throw forbidden();
      throw error;
    }
    if (presented.credential.service !== 'lambda') {
      throw new ServiceError('InvalidSignatureException', 403, "Credential should be scoped to correct service: 'lambda'.", { fault: null, messageMember: 'message' });
    }
    const key = await keys.lookup(presented.credential.accessKeyId);
    verifier.checkHead(presented, key);
    return { presented, key: key as AccessKey };
  }

  private factsOf({ request }: Exchange): RequestFacts {
    const { addressing, clock } = this.parts;
    return {
      sourceIp: this.clientOf(request).sourceIp,
      userAgent: request.headers['user-agent'],
      secure: new URL(addressing.baseUrl).protocol === 'https:',
      now: clock.now(),
      region: addressing.region,
    };
  }

  private clientOf(request: IncomingMessage): ClientAddress {
    const { 'x-forwarded-for': forwarded } = request.headers;
    return clientAddress(request.socket.remoteAddress ?? '', Array.isArray(forwarded) ? forwarded.join(',') : forwarded, this.parts.proxies);
  }

  private eventOf({ request, target, requestId, traceHeader }: Exchange, { rawPath }: CalledUrl, url: FunctionUrl, body: Buffer, key: AccessKey | undefined): Record<string, unknown> {
    const { addressing, clock } = this.parts;
    const { protocol, port } = new URL(addressing.baseUrl);
    return urlEvent({
      urlId: url.urlId,
      domainName: domainOf(url.urlId, addressing),
      method: request.method ?? '',
      rawPath,
      rawQuery: target.rawQuery,
      protocol: `HTTP/${request.httpVersion}`,
      rawHeaders: request.rawHeaders,
      ...this.clientOf(request),
      scheme: protocol.slice(0, -1),
      port: port || (protocol === 'https:' ? '443' : '80'),
      traceHeader,
      requestId,
      now: clock.now(),
      body,
      ...(key === undefined ? {} : { caller: { accessKeyId: key.accessKeyId, accountId: key.accountId, principalArn: key.principalArn, principalId: principalIdOf(key) } }),
    });
  }

  /** Answered by the service itself, before any authorisation: browsers send no credentials with it. */
  private answeredPreflight(exchange: Exchange, { cors }: FunctionUrl): boolean {
    const { method, headers } = exchange.request;
    const asked = headers['access-control-request-method'];
    if (cors === undefined || method !== 'OPTIONS' || headers.origin === undefined || asked === undefined) return false;
    exchange.request.resume();
    this.write(exchange, { status: 200, headers: preflightHeaders(cors, { origin: headers.origin, method: asked, headers: headers['access-control-request-headers'] }), cookies: [], body: Buffer.alloc(0) });
    return true;
  }

  private refuseUnknown(exchange: Exchange): void {
    this.write(exchange, { status: 403, headers: { 'Content-Type': 'application/json', 'x-amzn-ErrorType': 'AccessDeniedException' }, cookies: [], body: Buffer.from('{"Message":null}') });
  }

  private fail(exchange: Exchange, given: unknown): void {
    if (given instanceof ClientGone) return;
    // What a policy says is for the owner of the policy, not for the world.
    const error = given instanceof ServiceError && given.code === 'AccessDeniedException' ? forbidden() : given;
    if (!(error instanceof ServiceError) || error.status >= 500) this.parts.logger.error({ err: error, requestId: exchange.requestId, url: exchange.url?.urlId }, 'a request to a function URL failed');
    const { status, headers, body } = this.errors.render(error, exchange.requestId);
    this.write(exchange, { status, headers, cookies: [], body: Buffer.from(body) });
  }

  private write(exchange: Exchange, answer: HttpAnswer): void {
    const { response, requestId } = exchange;
    // The socket may be gone by now, as the function ran on.
    if (!response.headersSent && !response.destroyed) {
      if (answer.status !== 204 && answer.status !== 304) response.setHeader('Content-Length', answer.body.length);
      this.writeHead(exchange, answer);
      response.end(answer.body);
    } else if (!response.writableEnded) {
      // A stream that has begun and cannot be completed: cut off, so that it is not taken for the whole.
      response.destroy();
    }
    this.parts.ended?.({ operation: OPERATION, status: answer.status, requestId });
  }

  private writeHead({ request, response, requestId, traceHeader, url }: Exchange, head: HttpHead): void {
    if (response.destroyed) return;
    const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
    for (const [name, value] of Object.entries(head.headers)) {
      if (url?.cors === undefined || isPreflight || !isCorsHeader(name.toLowerCase())) response.setHeader(name, value);
    }
    if (url?.cors !== undefined && !isPreflight) this.addCors(response, answerHeaders(url.cors, request.headers.origin));
    if (head.cookies.length > 0) response.setHeader('Set-Cookie', head.cookies);
    response.setHeader('x-amzn-RequestId', requestId);
    response.setHeader('x-amzn-trace-id', shownTraceHeader(traceHeader));
    // What was not read of the request would be taken for the next one.
    if (!request.complete) response.setHeader('Connection', 'close');
    response.writeHead(head.status);
  }

  private addCors(response: ServerResponse, headers: Record<string, string>): void {
    for (const [name, value] of Object.entries(headers)) {
      const own = name === 'Vary' ? response.getHeader('Vary') : undefined;
      response.setHeader(name, own === undefined ? value : `${String(own)}, ${value}`);
    }
  }
}

function forbidden(): ServiceError {
  return new ServiceError('AccessDeniedException', 403, FORBIDDEN, { fault: null, messageMember: 'Message' });
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The account's root is known by the account; others by the last part of their ARN until keys carry the id of their principal. */
function principalIdOf({ accountId, principalArn }: AccessKey): string {
  return principalArn.endsWith(':root') ? accountId : principalArn.slice(principalArn.lastIndexOf('/') + 1);
}

const MAX_TRACE_HEADER = 8_192;

function traceHeaderOf(request: IncomingMessage, now: number): string {
  const given = request.headers['x-amzn-trace-id'];
  const usable = typeof given === 'string' && given.length <= MAX_TRACE_HEADER && /^[\x20-\x7e]+$/.test(given) && parseTraceHeader(given) !== undefined;
  return usable ? given : makeTraceHeader(now);
}

/** `Root=...;Sampled=...` */
function shownTraceHeader(header: string): string {
  return header
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part.startsWith('Root=') || part.startsWith('Sampled='))
    .join(';');
}
