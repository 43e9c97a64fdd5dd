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

export async function insertSession(client: Queryable, accessKeyId: string, session: NewSession): Promise<void> {
  await client.query(
    `INSERT INTO sts_sessions (access_key_id, kind, session_name, source_identity, session_policy, session_policy_arns, tags, transitive_tag_keys, source_function_arn)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      accessKeyId,
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
