import type { Permission } from '@hearth/aws-wire';
import type { AccessKey, ParsedPolicy, RequestFacts, ResourcePolicies } from '@hearth/iam';
import type { RequestSource } from './aws-request.js';

/** Decides whether a caller may do something: once per call, for every operation of every service. iam's Guard is one. */
export interface Guard {
  /**
   * Answers without a promise from memory, which keeps warm calls off the microtask queue.
   * @param resourcePolicies of the first permission's resource, or of each resource by its ARN
   * @throws ServiceError AccessDeniedException, at once or by the returned promise
   */
  check(key: AccessKey, needed: Permission | Permission[], facts: RequestFacts, resourcePolicies?: ResourcePolicies): void | Promise<void>;
}

/** The policy that a resource has of its own, by ARN; without a promise when it is in memory. */
export type ResourcePolicyLookup = (arn: string) => ParsedPolicy | undefined | Promise<ParsedPolicy | undefined>;

const MAPPED_IPV4 = '::ffff:';

/** Facts of a call, read from its request when a condition asks for them. */
export class CallFacts implements RequestFacts {
  constructor(
    private readonly raw: Pick<RequestSource, 'headers' | 'socket'>,
    readonly now: number,
    readonly region: string,
  ) {}

  /** Of the connection's other end; a proxy's when there is one. */
  get sourceIp(): string | undefined {
    const address = this.raw.socket.remoteAddress;
    return address?.startsWith(MAPPED_IPV4) ? address.slice(MAPPED_IPV4.length) : address;
  }

  get userAgent(): string | undefined {
    return this.raw.headers['user-agent'];
  }

  get secure(): boolean {
    return 'encrypted' in this.raw.socket;
  }

  /** As operations need them that evaluate policies themselves. */
  conditionKeys(): Record<string, string[]> {
    const { sourceIp, userAgent } = this;
    return {
      'aws:SecureTransport': [String(this.secure)],
      ...(sourceIp === undefined ? {} : { 'aws:SourceIp': [sourceIp] }),
      ...(userAgent === undefined ? {} : { 'aws:UserAgent': [userAgent] }),
    };
  }
}
