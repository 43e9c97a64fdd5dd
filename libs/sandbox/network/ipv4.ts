import { isIPv4 } from 'node:net';

export interface Ipv4Network {
  /** First address, as a number. */
  base: number;
  /** Bits that are fixed. */
  length: number;
}

/** @param text `ADDRESS` or `ADDRESS/LENGTH` @returns undefined for anything else, and where bits after the length are set */
export function parseNetwork(text: string): Ipv4Network | undefined {
  const [address = '', length = '32', ...rest] = text.split('/');
  if (rest.length > 0 || !isIPv4(address) || !/^\d{1,2}$/.test(length) || Number(length) > 32) return undefined;
  const base = toNumber(address);
  return (base & mask(Number(length))) >>> 0 === base ? { base, length: Number(length) } : undefined;
}

export function toNumber(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

export function toAddress(number: number): string {
  return [24, 16, 8, 0].map((bits) => (number >>> bits) & 255).join('.');
}

function mask(length: number): number {
  return length === 0 ? 0 : (0xffff_ffff << (32 - length)) >>> 0;
}

/** An engine gives subnets with the gateway's address in them at times. */
export function networkOf(subnet: string): string {
  const [address = '', length = '32'] = subnet.split('/');
  return `${toAddress((toNumber(address) & mask(Number(length))) >>> 0)}/${length}`;
}
