import { OperatorError } from '@hearth/kernel';
import { parseNetwork } from './ipv4.js';

/** `open`: the internet; `allow-list`: only what is allowed; `none`: no network at all. */
export type EgressMode = 'open' | 'allow-list' | 'none';

export interface EgressPolicy {
  mode: EgressMode;
  /** IPv4 networks that functions may reach although they are private (`open`), or nothing else (`allow-list`). */
  allow: readonly string[];
}

/** A destination and whether the routing table is asked for it; lower priorities come first. */
export interface RoutingRule {
  priority: number;
  destination: string;
  where: 'main' | 'no';
}

/**
 * Never for a function, whatever is allowed: this machine as others see it, link-local addresses and the places outside of them where clouds
 * keep credentials (Azure, Oracle, Alibaba), multicast.
 */
const NEVER = [
  '0.0.0.0/8',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '168.63.129.16/32',
  '192.0.0.0/24',
  '100.100.100.200/32',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Addresses inside somebody's network (RFC 1918, 6598, 2544): on Lambda a function outside a VPC does not reach them either. */
const PRIVATE = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16', '198.18.0.0/15'];

export interface Surroundings {
  /** Addresses of the host, those of its bridges among them. */
  hostAddresses: readonly string[];
  /** Addresses of other sandboxes, or networks of nothing else. */
  sandboxes: readonly string[];
  /** Networks the sandbox is attached to, whose other members are what it is there for. */
  attached: readonly string[];
}

/** @throws OperatorError for what is no IPv4 network */
export function egressPolicy(mode: EgressMode, allow: readonly string[]): EgressPolicy {
  const wrong = allow.find((network) => parseNetwork(network) === undefined);
  if (wrong !== undefined)
    throw new OperatorError(
      `HEARTH_EGRESS_ALLOW: ${wrong} is no IPv4 network.`,
      'Give networks like 10.1.0.0/16, with no bits set after the length, separated by commas.',
    );
  return { mode, allow };
}

/** What a sandbox may reach, as rules of its network namespace. */
export function routingRules(policy: EgressPolicy, around: Surroundings): RoutingRule[] {
  const rules = (priority: number, where: 'main' | 'no', destinations: readonly string[]): RoutingRule[] =>
    [...new Set(destinations)].map((destination) => ({
      priority,
      destination: destination.includes('/') ? destination : `${destination}/32`,
      where,
    }));
  return [
    ...rules(10, 'no', [...NEVER, ...around.hostAddresses, ...around.sandboxes]),
    ...rules(20, 'main', [...around.attached, ...(policy.mode === 'none' ? [] : policy.allow)]),
    ...rules(30, 'no', policy.mode === 'open' ? PRIVATE : ['0.0.0.0/0']),
  ];
}
