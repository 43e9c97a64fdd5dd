import type { ConditionKeys, ContextValues } from '../policy/index.js';

/** What a request shows of itself. */
export interface RequestFacts {
  /** IPv4 or IPv6. */
  sourceIp?: string;
  userAgent?: string;
  /** It came over TLS. */
  secure: boolean;
  /** Milliseconds since the epoch. */
  now: number;
  region: string;
}

const FALSE = ['false'];
const TRUE = ['true'];

/**
 * Condition keys of a request (spec/iam-and-sts.md 3), made when a policy asks for them. What the request shows and who the
 * principal is win over what the operation says of itself: no input can pretend to be another principal.
 */
export class RequestKeys implements ConditionKeys {
  constructor(
    private readonly facts: RequestFacts,
    private readonly principalKeys: ReadonlyMap<string, readonly string[]>,
    private readonly resourceAccountId: string,
    private readonly operationKeys: ContextValues | undefined,
  ) {}

  values(key: string): readonly string[] | undefined {
    switch (key) {
      case 'aws:sourceip':
        return one(this.facts.sourceIp);
      case 'aws:useragent':
        return one(this.facts.userAgent);
      case 'aws:securetransport':
        return this.facts.secure ? TRUE : FALSE;
      case 'aws:currenttime':
        return [new Date(this.facts.now).toISOString()];
      case 'aws:epochtime':
        return [String(Math.floor(this.facts.now / 1000))];
      case 'aws:requestedregion':
        return [this.facts.region];
      case 'aws:resourceaccount':
        return [this.resourceAccountId];
      case 'aws:viaawsservice':
        return FALSE;
      default:
        return this.principalKeys.get(key) ?? this.operationKey(key);
    }
  }

  private operationKey(key: string): readonly string[] | undefined {
    const given = this.operationKeys;
    if (given === undefined) return undefined;
    for (const name in given)
      if (name.length === key.length && name.toLowerCase() === key) return given[name]!.length > 0 ? given[name] : undefined;
    return undefined;
  }
}

function one(value: string | undefined): string[] | undefined {
  return value === undefined ? undefined : [value];
}

/** The keys that a request shows of itself, for operations that evaluate policies themselves (AssumeRole's `conditionKeys`). */
export function conditionKeysOf(facts: RequestFacts): Record<string, string[]> {
  const keys = new RequestKeys(facts, new Map(), '', undefined);
  const names = [
    'aws:SourceIp',
    'aws:UserAgent',
    'aws:SecureTransport',
    'aws:CurrentTime',
    'aws:EpochTime',
    'aws:RequestedRegion',
    'aws:ViaAWSService',
  ];
  return Object.fromEntries(names.flatMap((name) => keys.values(name.toLowerCase())?.map((value) => [name, [value]]) ?? []));
}
