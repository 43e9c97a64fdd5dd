import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { pathSegments, splitTarget, type Permission, type PresentedSignature, type RequestTarget } from '@hearth/aws-wire';
import type { AccessKey } from '@hearth/iam';
import { invokeOperation, type InvokeOperation } from './invoke-operation.js';

const SERVICE_IN_SCOPE = /Credential=[^/\s]{1,128}\/\d{8}\/[^/\s]{1,64}\/([a-z0-9-]{1,64})\/aws4_request/;

/** What is needed of a request's head; Node's IncomingMessage is one. */
export interface RequestSource {
  readonly method?: string;
  readonly url?: string;
  readonly headers: IncomingHttpHeaders;
  /** Alternating names and values as they came. */
  readonly rawHeaders: string[];
  readonly socket: Pick<Socket, 'remoteAddress'>;
}

/** One AWS request on its way from the socket to the answer. */
export class AwsRequest {
  /** Answered as `x-amzn-RequestId`; for the invoke operations also the id of the invocation. */
  readonly requestId = randomUUID();
  readonly startedAt = performance.now();
  readonly target: RequestTarget;
  /** Raw segments of the normalised path. */
  readonly segments: string[];
  /** Set when the request runs a function. */
  readonly invokes: InvokeOperation | undefined;
  /** Set when the head was authenticated. */
  presented: PresentedSignature | undefined;
  key: AccessKey | undefined;
  /** What the call needs to be allowed, when that is known; the first of several. */
  permission: Permission | undefined;
  /** For the log and telemetry. */
  operation = 'Unknown';

  constructor(readonly raw: RequestSource) {
    this.target = splitTarget(raw.url ?? '/');
    this.segments = pathSegments(this.target.rawPath);
    this.invokes = invokeOperation(raw.method, this.segments);
  }

  /** The service that the signature names, also when the signature is wrong: errors are told in its form. */
  get service(): string | undefined {
    return this.presented?.credential.service ?? SERVICE_IN_SCOPE.exec(this.raw.headers.authorization ?? '')?.[1];
  }
}
