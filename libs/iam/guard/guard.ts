import type { Permission } from '@hearth/aws-wire';
import type { Database } from '@hearth/database';
import { ServiceError, systemClock, type Clock } from '@hearth/kernel';
import type { AccessKey } from '../access-key.js';
import {
  denialText,
  evaluate,
  explain,
  type AuthorisationRequest,
  type Decision,
  type ParsedPolicy,
  type PolicySet,
  type Principal,
} from '../policy/index.js';
import type { PrincipalReference } from '../store/principal-policies.js';
import type { CompiledPrincipal } from './compiled-principal.js';
import { PrincipalCache } from './principal-cache.js';
import { RequestKeys, type RequestFacts } from './request-keys.js';

/** A caller without identity policies: only a resource's policy can allow it anything. */
export interface ForeignPrincipal {
  kind: 'service' | 'anonymous';
  /** `s3.amazonaws.com`; of anonymous callers anything. */
  name: string;
}

/** Of the first permission's resource, or of several resources by their ARN (a function and the layers it uses). */
export type ResourcePolicies = ParsedPolicy | ReadonlyMap<string, ParsedPolicy>;

/** Why a permission is granted or not, for the operator. */
export interface Explanation {
  permission: Permission;
  allowed: boolean;
  /** Several lines: the decision, then each statement about the action and whether it matched. */
  text: string;
}

export interface GuardOptions {
  database: Database;
  clock?: Clock;
  /** Told of failures that no caller sees: a refresh in the background, a broken listener. */
  onError: (error: Error) => void;
}

/** The one guard of every operation of every service. An empty list of permissions means that the operation authorises itself. */
export class Guard {
  private readonly principals: PrincipalCache;

  constructor({ database, clock = systemClock, onError }: GuardOptions) {
    this.principals = new PrincipalCache({ database, clock, onError });
  }

  /** Begins to listen for changes made by other processes. */
  async start(): Promise<void> {
    await this.principals.start();
  }

  async stop(): Promise<void> {
    await this.principals.stop();
  }

  /**
   * Returns (no promise) at once when the caller's policies are in memory.
   * @param key has signed the request, which was verified
   * @throws ServiceError AccessDeniedException (403) in AWS's words; ExpiredTokenException, UnrecognizedClientException (403)
   * @throws InfrastructureError when policies cannot be read
   */
  check(
    key: AccessKey,
    needed: Permission | Permission[],
    facts: RequestFacts,
    resourcePolicies?: ResourcePolicies,
  ): void | Promise<void> {
    assertUsable(key, facts.now);
    const permissions = Array.isArray(needed) ? needed : [needed];
    if (permissions.length === 0) return;
    const caller = this.principals.get(key);
    if (caller instanceof Promise)
      return caller.then((loaded) => assertAllowed(key, loaded, permissions, facts, resourcePolicies));
    assertAllowed(key, caller, permissions, facts, resourcePolicies);
  }

  /**
   * For calls of services, and for calls that nobody signed.
   * @throws ServiceError AccessDeniedException (403)
   */
  checkForeign(
    caller: ForeignPrincipal,
    permission: Permission,
    facts: RequestFacts,
    resourcePolicy: ParsedPolicy | undefined,
  ): void {
    const principal: Principal = { kind: caller.kind, arn: caller.name, accountId: '' };
    const request = requestOf(principal, foreignKeys(caller), permission, facts);
    const decision = evaluate(request, { identity: [], resource: resourcePolicy === undefined ? [] : [resourcePolicy] });
    if (decision.effect !== 'allowed') throw accessDenied(denialText(request, decision));
  }

  /**
   * Whether a principal may do this by its own policies: for what the platform does in its name.
   * Returns (no promise) at once when the policies are in memory.
   * @returns false when there is no such principal
   * @throws InfrastructureError when policies cannot be read
   */
  allows(caller: PrincipalReference, permission: Permission, facts: RequestFacts): boolean | Promise<boolean> {
    const found = this.principals.get(caller);
    return found instanceof Promise ? found.then((loaded) => isAllowed(loaded, permission, facts)) : isAllowed(found, permission, facts);
  }

  /** The same decision as {@link check}'s, with its grounds; one explanation per permission. For operators: it shows policies. */
  async explain(
    caller: PrincipalReference,
    needed: Permission | Permission[],
    facts: RequestFacts,
    resourcePolicies?: ResourcePolicies,
  ): Promise<Explanation[]> {
    const compiled = await this.principals.get(caller);
    const permissions = Array.isArray(needed) ? needed : [needed];
    return permissions.map((permission) => {
      if (compiled === undefined) {
        const { principalArn } = caller;
        const text = `implicitDeny: ${principalArn} ${permission.action} on ${permission.resource}: there is no such principal, or its session has ended`;
        return { permission, allowed: false, text };
      }
      const policies = policiesFor(compiled, permission, permissions[0]!, resourcePolicies);
      const request = requestOf(compiled.principal, compiled.keys, permission, facts);
      const decision = evaluate(request, policies);
      return { permission, allowed: decision.effect === 'allowed', text: explain(request, policies, decision) };
    });
  }
}

/** Verification has looked at both already; a key that it let wait must not slip through here. */
function assertUsable({ active, expiresAt }: AccessKey, now: number): void {
  if (!active) throw refused('UnrecognizedClientException', 'The security token included in the request is invalid.');
  if (expiresAt !== undefined && expiresAt <= now)
    throw refused('ExpiredTokenException', 'The security token included in the request is expired');
}

function assertAllowed(
  key: AccessKey,
  caller: CompiledPrincipal | undefined,
  permissions: readonly Permission[],
  facts: RequestFacts,
  resourcePolicies: ResourcePolicies | undefined,
): void {
  for (const permission of permissions) {
    if (caller === undefined) throw accessDenied(unknownPrincipalText(key, permission));
    const request = requestOf(caller.principal, caller.keys, permission, facts);
    const decision: Decision = evaluate(request, policiesFor(caller, permission, permissions[0]!, resourcePolicies));
    if (decision.effect !== 'allowed') throw accessDenied(denialText(request, decision));
  }
}

function isAllowed(caller: CompiledPrincipal | undefined, permission: Permission, facts: RequestFacts): boolean {
  if (caller === undefined) return false;
  return evaluate(requestOf(caller.principal, caller.keys, permission, facts), caller.policies).effect === 'allowed';
}

function policiesFor(
  { policies }: CompiledPrincipal,
  { resource }: Permission,
  first: Permission,
  resourcePolicies: ResourcePolicies | undefined,
): PolicySet {
  if (resourcePolicies === undefined) return policies;
  const byResource = resourcePolicies instanceof Map;
  if (!byResource && resource !== first.resource) return policies;
  const policy = byResource ? resourcePolicies.get(resource) : (resourcePolicies as ParsedPolicy);
  return policy === undefined ? policies : { ...policies, resource: [policy] };
}

function requestOf(
  principal: Principal,
  keys: ReadonlyMap<string, readonly string[]>,
  { action, resource, context }: Permission,
  facts: RequestFacts,
): AuthorisationRequest {
  const resourceAccountId = ownerOf(resource) ?? principal.accountId;
  return { principal, action, resource, resourceAccountId, context: new RequestKeys(facts, keys, resourceAccountId, context) };
}

function foreignKeys({ kind, name }: ForeignPrincipal): ReadonlyMap<string, readonly string[]> {
  const service = kind === 'service';
  return new Map([
    ['aws:principalisawsservice', [String(service)]],
    ...(service ? [['aws:principalservicename', [name]] as const] : [['aws:principaltype', ['Anonymous']] as const]),
  ]);
}

/** @returns undefined for `*`, and for ARNs that name no account: those of S3, and policies of AWS, which every account has */
function ownerOf(resource: string): string | undefined {
  if (!resource.startsWith('arn:')) return undefined;
  const account = resource.split(':', 5)[4];
  return account === undefined || account === '' || account === 'aws' ? undefined : account;
}

function unknownPrincipalText({ principalArn }: AccessKey, { action, resource }: Permission): string {
  return `User: ${principalArn} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
}

function accessDenied(message: string): ServiceError {
  return refused('AccessDeniedException', message);
}

function refused(code: string, message: string): ServiceError {
  return new ServiceError(code, 403, message, { fault: null });
}
