import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { pathSegments, splitTarget, type PresentedSignature, type RequestTarget } from '@hearth/aws-wire';
import type { AccessKey } from '@hearth/iam';

/** One AWS request on its way from the socket to the answer. */
export class AwsRequest {
  /** Answered as `x-amzn-RequestId`; for Invoke also the id of the invocation. */
  readonly requestId = randomUUID();
  readonly startedAt = performance.now();
  readonly target: RequestTarget;
  /** Raw segments of the normalised path. */
  readonly segments: string[];
  /** Set when the head was authenticated. */
  presented: PresentedSignature | undefined;
  key: AccessKey | undefined;
  /** For the log and telemetry. */
  operation = 'Unknown';

  constructor(readonly raw: IncomingMessage) {
    this.target = splitTarget(raw.url ?? '/');
    this.segments = pathSegments(this.target.rawPath);
  }

  get isInvoke(): boolean {
    const [date, functions, , invocations] = this.segments;
    return this.segments.length === 4 && this.raw.method === 'POST' && date === '2015-03-31' && functions === 'functions' && invocations === 'invocations';
  }
}
