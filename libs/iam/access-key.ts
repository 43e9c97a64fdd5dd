import { randomBytes, randomInt } from 'node:crypto';

/** An access key with its secret in the clear: stays in memory, is never logged. */
export interface AccessKey {
  /** 20 characters: AKIA (long-lived) or ASIA (temporary) and 16 more (spec/iam-and-sts.md 1). */
  accessKeyId: string;
  /** 40 characters. */
  secretAccessKey: string;
  accountId: string;
  principalArn: string;
  /** Unique id of the user, or of the role of a session; none for the account's root. */
  identityId?: string;
  active: boolean;
  /** SHA-256 of the session token; temporary keys only. */
  tokenDigest?: Uint8Array;
  /** Milliseconds since the epoch; temporary keys only. */
  expiresAt?: number;
}

/** Upper-case base32 without the digits that read like letters, as AWS's own ids. */
const ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

export function newAccessKeyId(prefix: 'AKIA' | 'ASIA'): string {
  return prefix + Array.from({ length: 16 }, () => ID_ALPHABET[randomInt(ID_ALPHABET.length)]).join('');
}

/** 30 random bytes in base64: 40 characters without padding. */
export function newSecretAccessKey(): string {
  return randomBytes(30).toString('base64');
}

/** Context under which a key's secret is sealed: a secret moved to another key's row cannot be opened. */
export function secretContext(accessKeyId: string): string {
  return `access-key/${accessKeyId}`;
}

export function accountRootArn(accountId: string): string {
  return `arn:aws:iam::${accountId}:root`;
}
