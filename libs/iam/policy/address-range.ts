import { BlockList, isIP } from 'node:net';

/** Addresses of IPv4 and IPv6; an IPv4 address written as IPv6 (`::ffff:1.2.3.4`, as dual-stack sockets have it) is IPv4. */
export class AddressRanges {
  private readonly ranges = new BlockList();

  /** @param texts addresses or CIDR ranges that {@link isAddressRange} accepts */
  constructor(texts: readonly string[]) {
    for (const text of texts) {
      const { address, bits, family } = parse(text)!;
      this.ranges.addSubnet(address, bits, family);
    }
  }

  has(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.ranges.check(address, family === 4 ? 'ipv4' : 'ipv6');
  }
}

export function isAddressRange(text: string): boolean {
  return parse(text) !== undefined;
}

function parse(text: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address, prefix, ...more] = text.split('/') as [string, string | undefined, ...string[]];
  const version = isIP(address);
  if (version === 0 || address.includes('%') || more.length > 0) return undefined;
  const [family, most] = version === 4 ? (['ipv4', 32] as const) : (['ipv6', 128] as const);
  if (prefix === undefined) return { address, bits: most, family };
  const bits = Number(prefix);
  return /^\d{1,3}$/.test(prefix) && bits <= most ? { address, bits, family } : undefined;
}
