import { isIPv4, isIPv6 } from 'node:net';

/** An address as a number, with the length of its family: 32 or 128 bits. */
interface Address {
  value: bigint;
  bits: 32 | 128;
}

interface Range extends Address {
  /** Length of the prefix that all addresses of the range share. */
  prefix: number;
}

/** Ranges of IPv4 and IPv6; an address of one family is in no range of the other. */
export class AddressRanges {
  private readonly ranges: readonly Range[];

  /** @param texts addresses or CIDR ranges that {@link isAddressRange} accepts */
  constructor(texts: readonly string[]) {
    this.ranges = texts.map((text) => parseRange(text)!);
  }

  has(text: string): boolean {
    const address = parseAddress(text);
    return address !== undefined && this.ranges.some((range) => includes(range, address));
  }
}

export function isAddressRange(text: string): boolean {
  return parseRange(text) !== undefined;
}

function includes(range: Range, address: Address): boolean {
  const host = BigInt(range.bits - range.prefix);
  return range.bits === address.bits && range.value >> host === address.value >> host;
}

function parseRange(text: string): Range | undefined {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  if (slash < 0) return { ...address, prefix: address.bits };
  const prefix = text.slice(slash + 1);
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= address.bits ? { ...address, prefix: Number(prefix) } : undefined;
}

const MAPPED = 0xffffn << 32n;

/** An IPv4 address written as IPv6 (`::ffff:1.2.3.4`, as dual-stack sockets have it) is IPv4. */
function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { value: parseIPv4(text), bits: 32 };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const value = parseIPv6(text);
  return value >> 32n === MAPPED >> 32n ? { value: value & 0xffff_ffffn, bits: 32 } : { value, bits: 128 };
}

function parseIPv4(text: string): bigint {
  return text.split('.').reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function parseIPv6(text: string): bigint {
  const lastColon = text.lastIndexOf(':');
  if (text.includes('.')) {
    const low = parseIPv4(text.slice(lastColon + 1));
    return parseIPv6(`${text.slice(0, lastColon)}:${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`);
  }
  const [head, tail] = text.split('::').map((part) => (part === '' ? [] : part.split(':'))) as [string[], string[] | undefined];
  const words =
    tail === undefined ? head : [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => '0'), ...tail];
  return words.reduce((value, word) => (value << 16n) | BigInt(`0x${word}`), 0n);
}
