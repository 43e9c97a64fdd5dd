import { randomInt } from 'node:crypto';

/** spec/iam-and-sts.md 1. */
export type IamIdPrefix = 'AIDA' | 'AGPA' | 'AROA' | 'ANPA' | 'AIPA';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Prefix and 17 upper-case alphanumerics. */
export function newIamId(prefix: IamIdPrefix): string {
  return prefix + Array.from({ length: 17 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** The id of something that has no row: the same for the same seed everywhere and always. */
export function derivedIamId(prefix: IamIdPrefix, digest: Uint8Array): string {
  return prefix + Array.from({ length: 17 }, (_, index) => ALPHABET[digest[index]! % ALPHABET.length]).join('');
}
