import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { engineIsElsewhere } from '../drivers/owner.js';

/** IPv4 addresses of the machine the engine runs on, now. */
export function hostAddresses(): string[] {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return [
    ...new Set([
      ...own.filter((address) => address.family === 'IPv4' && !address.internal).map((address) => address.address),
      ...(engineIsElsewhere() ? addressesOfInit() : []),
    ]),
  ];
}

/** A worker in a container sees the host's first process (docs/operations.md), and by it the host's addresses. */
function addressesOfInit(): string[] {
  try {
    return localAddresses(readFileSync('/proc/1/net/fib_trie', 'utf8'));
  } catch {
    // Not for this process to see: the bridges' gateways are refused as private addresses all the same.
    return [];
  }
}

/** @param trie of /proc/net/fib_trie, where an address comes a line before what it is */
export function localAddresses(trie: string): string[] {
  return [...trie.matchAll(/\|-- (\d+\.\d+\.\d+\.\d+)\n\s+\/32 host LOCAL/g)].map((match) => match[1]!);
}
