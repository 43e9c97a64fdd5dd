import { hash, randomBytes } from 'node:crypto';
import type { KeyStore, NewAccessKey } from '../key-store.js';
import type { Queryable } from '../store/queryable.js';
import type { NewSession } from '../store/sessions.js';

/** Credentials in the clear: handed to the caller once, stored sealed (the secret) and as a digest (the token). */
export interface TemporaryCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

export interface NewTemporaryKey extends Pick<NewAccessKey, 'accountId' | 'principalArn' | 'identityId'> {
  session: NewSession;
  expiration: Date;
}

/** Of 192 random bytes: nothing in a token can be read or made up, and it is no longer than AWS's. */
const TOKEN_BYTES = 192;

export async function issueTemporaryKey(keyStore: KeyStore, key: NewTemporaryKey, within: Queryable): Promise<TemporaryCredentials> {
  const sessionToken = randomBytes(TOKEN_BYTES).toString('base64');
  const { session, expiration, ...principal } = key;
  const { accessKeyId, secretAccessKey } = await keyStore.create({ ...principal, temporary: { tokenDigest: hash('sha256', sessionToken, 'buffer'), expiresAt: expiration, session } }, within);
  return { accessKeyId, secretAccessKey, sessionToken, expiration };
}

/** As STS answers them. */
export function credentialsAnswer({ accessKeyId, secretAccessKey, sessionToken, expiration }: TemporaryCredentials): Record<string, unknown> {
  return { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken, Expiration: expiration };
}
