import type { Database } from '@hearth/database';
import type { Queryable } from './queryable.js';
import type { Tag } from './tag.js';

/** What a temporary key stands for beside its principal. */
export interface NewSession {
  kind: 'assumed-role' | 'session-token';
  /** Sessions of roles only. */
  sessionName?: string;
  sourceIdentity?: string;
  /** JSON text. */
  sessionPolicy?: string;
  sessionPolicyArns?: string[];
  tags?: Tag[];
  /** Lower-case keys. */
  transitiveTagKeys?: string[];
  /** Credentials of sandboxes only. */
  sourceFunctionArn?: string;
}

/** A temporary key as it is stored. */
export interface SessionKeyRow {
  id: string;
  accountId: string;
  principalArn: string;
  sealedSecret: Uint8Array;
  tokenDigest: Uint8Array;
  expiresAt: Date;
  /** The user or role; the key goes with it. */
  identityId?: string;
  sandboxHostId?: string;
}

/**
 * In one statement, since every cold start waits for it. A deletion of the user or role that is under way is waited for: no key outlives whom
 * it is for.
 * @returns false when the user or role is gone
 */
export async function insertSessionKey(client: Queryable, key: SessionKeyRow, session: NewSession): Promise<boolean> {
  const { rowCount } = await client.query(
    `WITH holder AS (SELECT id FROM iam_identities WHERE id = $7::text FOR KEY SHARE),
     made AS (
       INSERT INTO access_keys (id, account_id, principal_arn, sealed_secret, token_digest, expires_at, identity_id, sandbox_host_id)
       SELECT $1, $2, $3, $4, $5, $6::timestamptz, $7, $8 WHERE $7::text IS NULL OR EXISTS (SELECT FROM holder)
       RETURNING id)
     INSERT INTO sts_sessions (access_key_id, kind, session_name, source_identity, session_policy, session_policy_arns, tags, transitive_tag_keys, source_function_arn)
     SELECT id, $9, $10, $11, $12, $13::text[], $14::jsonb, $15::text[], $16 FROM made`,
    [
      key.id,
      key.accountId,
      key.principalArn,
      Buffer.from(key.sealedSecret),
      Buffer.from(key.tokenDigest),
      key.expiresAt,
      key.identityId ?? null,
      key.sandboxHostId ?? null,
      session.kind,
      session.sessionName ?? null,
      session.sourceIdentity ?? null,
      session.sessionPolicy ?? null,
      session.sessionPolicyArns ?? [],
      JSON.stringify(session.tags ?? []),
      session.transitiveTagKeys ?? [],
      session.sourceFunctionArn ?? null,
    ],
  );
  return rowCount === 1;
}

/**
 * Expired keys are refused from the second they expire; this removes their rows. They are kept for a day so that an audit finds
 * what an expired key had been.
 * @returns how many were removed, at most `limit`
 */
export async function removeExpiredSessions(database: Database, limit = 10_000): Promise<number> {
  const { rowCount } = await database.pool.query(
    `DELETE FROM access_keys WHERE id IN (
       SELECT id FROM access_keys WHERE expires_at < now() - interval '1 day' ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)`,
    [limit],
  );
  return rowCount ?? 0;
}
