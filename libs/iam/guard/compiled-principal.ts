import { InfrastructureError } from '@hearth/kernel';
import { indexKeys, parsePolicy, type ParsedPolicy, type PolicySet, type Principal } from '../policy/index.js';
import type { PolicySource, PrincipalPolicies } from '../store/principal-policies.js';
import { principalKeys, principalOf } from '../sts/trust.js';

/** A principal made ready to be held against many requests. */
export interface CompiledPrincipal {
  principal: Principal;
  /** Condition keys that follow from the principal, by lower-case name. */
  keys: ReadonlyMap<string, readonly string[]>;
  policies: Omit<PolicySet, 'resource'>;
}

/** Policies of AWS never change and thousands of roles share them. */
const awsPolicies = new Map<string, ParsedPolicy>();

/** @throws InfrastructureError when a stored policy cannot be read: what it denies is unknown, so nothing may be allowed */
export function compilePrincipal(source: PrincipalPolicies): CompiledPrincipal {
  const { identity, boundary, session, issuedAt } = source;
  return {
    principal: principalOf(source),
    keys: indexKeys({
      ...principalKeys(source),
      'aws:PrincipalIsAWSService': ['false'],
      // Long-lived keys do not have this key; nothing in Hearth asks for a second factor.
      ...(issuedAt === undefined ? {} : { 'aws:MultiFactorAuthPresent': ['false'] }),
    }),
    policies: {
      identity: compileAll(identity),
      ...(boundary === undefined ? {} : { boundary: compileAll(boundary) }),
      ...(session === undefined ? {} : { session: compileAll(session) }),
    },
  };
}

function compileAll(sources: readonly PolicySource[]): ParsedPolicy[] {
  return sources.map((source) => {
    const known = awsPolicies.get(source.id);
    if (known !== undefined && source.type === 'aws-managed') return known;
    const policy = compile(source);
    if (source.type === 'aws-managed') awsPolicies.set(source.id, policy);
    return policy;
  });
}

function compile({ id, owner, type, document }: PolicySource): ParsedPolicy {
  const name = owner === undefined ? id : `${type} ${owner}: ${id}`;
  try {
    return parsePolicy(document, { kind: 'identity', name });
  } catch (error) {
    throw new InfrastructureError(`The stored policy ${name} cannot be read`, { cause: error });
  }
}
