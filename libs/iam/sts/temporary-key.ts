import { hash, randomBytes } from 'node:crypto';
import { HolderGone, type KeyStore, type NewAccessKey } from '../key-store.js';
import type { NewSession } from '../store/sessions.js';

/** Credentials in the clear: handed to the caller once, stored sealed (the secret) and as a digest (the token). */
export interface TemporaryCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

export interface NewTemporaryKey extends Pick<NewAccessKey, 'accountId' | 'principalArn' | 'identityId' | 'sandboxHostId'> {
  session: NewSession;
  expiration: Date;
}

/** Of 192 random bytes: nothing in a token can be read or made up, and it is no longer than AWS's. */
const TOKEN_BYTES = 192;

/** @returns undefined when the user or role is gone */
export async function issueTemporaryKey(
  keyStore: KeyStore,
  key: NewTemporaryKey,
): Promise<TemporaryCredentials | undefined> {
  const sessionToken = randomBytes(TOKEN_BYTES).toString('base64');
  const { session, expiration, ...principal } = key;
  try {
    const { accessKeyId, secretAccessKey } = await keyStore.create({ ...principal, temporary: { tokenDigest: hash('sha256', sessionToken, 'buffer'), expiresAt: expiration, session } });
    return { accessKeyId, secretAccessKey, sessionToken, expiration };
  } catch (error) {
    if (error instanceof HolderGone) return undefined;
    throw error;
  }
}

/** As STS answers them. */
export function credentialsAnswer({
  accessKeyId,
  secretAccessKey,
  sessionToken,
  expiration,
}: TemporaryCredentials): Record<string, unknown> {
  return { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken, Expiration: expiration };
}
