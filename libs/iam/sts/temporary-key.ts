import { hash, randomBytes } from 'node:crypto';
import type { Database } from '@hearth/database';
import type { KeyStore, NewAccessKey } from '../key-store.js';
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

/**
 * A deletion of the user or role that is under way is waited for: no key outlives whom it is for.
 * @returns undefined when the user or role is gone
 */
export async function issueTemporaryKey(
  database: Database,
  keyStore: KeyStore,
  key: NewTemporaryKey,
): Promise<TemporaryCredentials | undefined> {
  const sessionToken = randomBytes(TOKEN_BYTES).toString('base64');
  const { session, expiration, ...principal } = key;
  return database.transaction(async (client) => {
    if (key.identityId !== undefined) {
      const { rowCount } = await client.query('SELECT 1 FROM iam_identities WHERE id = $1 FOR KEY SHARE', [key.identityId]);
      if (rowCount === 0) return undefined;
    }
    const temporary = { tokenDigest: hash('sha256', sessionToken, 'buffer'), expiresAt: expiration, session };
    const { accessKeyId, secretAccessKey } = await keyStore.create({ ...principal, temporary }, client);
    return { accessKeyId, secretAccessKey, sessionToken, expiration };
  });
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
