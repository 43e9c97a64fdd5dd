import type { Database } from '@hearth/database';
import { InfrastructureError, systemClock, type Clock } from '@hearth/kernel';
import { newAccessKeyId, newSecretAccessKey, secretContext, type AccessKey } from './access-key.js';
import { ChangeListener } from './change-listener.js';
import type { SecretSealer } from './keyring/secret-sealer.js';
import type { Queryable } from './store/queryable.js';
import { insertSessionKey, type NewSession } from './store/sessions.js';

/*
 * Access keys in Postgres, cached in memory for the request path.
 * Invariants:
 * 1. An answer from memory is at most MAX_AGE_MS old, even when notifications are lost; older entries wait for Postgres.
 * 2. A change is announced in its own transaction (NOTIFY, by a trigger of the table) and drops the entry everywhere, usually within milliseconds.
 * 3. A load that began before an entry was dropped does not bring it back.
 * 4. Unknown ids take bounded memory.
 */

/** Told by triggers of the table; the payload is the key's id. */
const ACCESS_KEYS_CHANNEL = 'hearth_access_keys';
const MAX_AGE_MS = 1_000;
/** From this age on an entry is read again in the background, so that a busy key never waits. */
const REFRESH_AGE_MS = 500;
const MAX_KNOWN = 100_000;
const MAX_UNKNOWN = 10_000;
const KEY_ID = /^[A-Z0-9]{16,128}$/;

interface Entry {
  key: AccessKey | undefined;
  loadedAt: number;
}

export interface KeyStoreOptions {
  database: Database;
  /** The process's Keyring. */
  secretBox: SecretSealer;
  clock?: Clock;
  /** Told of failures that no caller sees: a refresh in the background, a broken listener. */
  onError: (error: Error) => void;
}

export interface NewAccessKey {
  accountId: string;
  principalArn: string;
  /** The user, or the role of a session; the key goes with it. None for the account's root. */
  identityId?: string;
  /** The life of the worker in one of whose sandboxes it is (sandbox_hosts); the key goes with it. */
  sandboxHostId?: string;
  /** Temporary keys only. */
  temporary?: { tokenDigest: Uint8Array; expiresAt: Date; session?: NewSession };
}

/** The user or role a session key was asked for is gone. */
export class HolderGone extends Error {}

export class KeyStore {
  private readonly known = new Map<string, Entry>();
  private readonly unknown = new Map<string, Entry>();
  private readonly loading = new Map<string, Promise<AccessKey | undefined>>();
  private readonly clock: Clock;
  private readonly changes: ChangeListener;

  constructor(private readonly options: KeyStoreOptions) {
    this.clock = options.clock ?? systemClock;
    const { database, onError } = options;
    this.changes = new ChangeListener({ database, channel: ACCESS_KEYS_CHANNEL, changed: (id) => this.drop(id), onError });
  }

  /** Begins to listen for changes made by other processes. */
  async start(): Promise<void> {
    await this.changes.start();
  }

  async stop(): Promise<void> {
    await this.changes.stop();
    await Promise.allSettled(this.loading.values());
  }

  /** Answers at once (no promise) from memory. The caller checks activity, expiry and token. */
  lookup(accessKeyId: string): AccessKey | undefined | Promise<AccessKey | undefined> {
    const entry = this.known.get(accessKeyId) ?? this.unknown.get(accessKeyId);
    const age = entry === undefined ? Number.POSITIVE_INFINITY : this.clock.now() - entry.loadedAt;
    if (entry !== undefined && age >= 0 && age < MAX_AGE_MS) {
      if (age > REFRESH_AGE_MS && !this.loading.has(accessKeyId)) this.load(accessKeyId).catch(this.options.onError);
      return entry.key;
    }
    if (!KEY_ID.test(accessKeyId)) return undefined;
    return this.load(accessKeyId);
  }

  /**
   * Makes a key and stores it sealed. This is the only time its secret leaves the store in the clear other than for verification.
   * @throws HolderGone when it is for a session and the user or role is gone
   */
  async create(key: NewAccessKey, within: Queryable = this.options.database.pool): Promise<AccessKey> {
    const accessKeyId = newAccessKeyId(key.temporary ? 'ASIA' : 'AKIA');
    const secretAccessKey = newSecretAccessKey();
    const sealed = await this.options.secretBox.seal(Buffer.from(secretAccessKey), secretContext(accessKeyId));
    const session = key.temporary?.session;
    if (session) {
      const row = { ...key, ...key.temporary!, id: accessKeyId, sealedSecret: sealed };
      if (!(await insertSessionKey(within, row, session))) throw new HolderGone();
    } else {
      await within.query(
        'INSERT INTO access_keys (id, account_id, principal_arn, sealed_secret, token_digest, expires_at, identity_id, sandbox_host_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)',
        [accessKeyId, key.accountId, key.principalArn, sealed, key.temporary ? Buffer.from(key.temporary.tokenDigest) : null, key.temporary?.expiresAt ?? null, key.identityId ?? null, key.sandboxHostId ?? null],
      );
    }
    return {
      accessKeyId,
      secretAccessKey,
      accountId: key.accountId,
      principalArn: key.principalArn,
      active: true,
      ...(key.identityId === undefined ? {} : { identityId: key.identityId }),
      ...(key.temporary ? { tokenDigest: key.temporary.tokenDigest, expiresAt: key.temporary.expiresAt.getTime() } : {}),
    };
  }

  /** @returns false when there is no such key */
  async setActive(accessKeyId: string, active: boolean): Promise<boolean> {
    return this.change(accessKeyId, 'UPDATE access_keys SET active = $2 WHERE id = $1', [active]);
  }

  /** @returns false when there is no such key */
  async delete(accessKeyId: string): Promise<boolean> {
    return this.change(accessKeyId, 'DELETE FROM access_keys WHERE id = $1', []);
  }

  /** @throws SealError when the key was sealed with another master key */
  async read(accessKeyId: string, within: Queryable = this.options.database.pool): Promise<AccessKey | undefined> {
    const { rows } = await within.query<AccessKeyRow>(
      `SELECT k.id, k.account_id, k.principal_arn, k.sealed_secret, k.token_digest, k.expires_at, k.identity_id, k.active AND a.disabled_at IS NULL AS active
       FROM access_keys k JOIN accounts a ON a.id = k.account_id WHERE k.id = $1`,
      [accessKeyId],
    );
    const row = rows[0];
    if (row === undefined) return undefined;
    return {
      accessKeyId: row.id,
      secretAccessKey: (await this.options.secretBox.open(row.sealed_secret, secretContext(row.id))).toString(),
      accountId: row.account_id,
      principalArn: row.principal_arn,
      active: row.active,
      ...(row.identity_id === null ? {} : { identityId: row.identity_id }),
      ...(row.token_digest === null ? {} : { tokenDigest: row.token_digest }),
      ...(row.expires_at === null ? {} : { expiresAt: row.expires_at.getTime() }),
    };
  }

  private async change(accessKeyId: string, statement: string, values: unknown[]): Promise<boolean> {
    const { rowCount } = await this.options.database.pool.query(statement, [accessKeyId, ...values]);
    this.drop(accessKeyId);
    return rowCount === 1;
  }

  private load(accessKeyId: string): Promise<AccessKey | undefined> {
    const running = this.loading.get(accessKeyId);
    if (running !== undefined) return running;
    // The age counts from before the query: a change that commits after this moment is younger than the entry.
    const loadedAt = this.clock.now();
    const load = this.read(accessKeyId)
      .then(
        (key) => {
          if (this.loading.get(accessKeyId) === load) this.remember(accessKeyId, { key, loadedAt });
          return key;
        },
        (error: unknown) => {
          throw new InfrastructureError('Access keys cannot be read', { cause: error });
        },
      )
      .finally(() => {
        if (this.loading.get(accessKeyId) === load) this.loading.delete(accessKeyId);
      });
    this.loading.set(accessKeyId, load);
    return load;
  }

  private remember(id: string, entry: Entry): void {
    this.known.delete(id);
    this.unknown.delete(id);
    const [entries, limit] = entry.key === undefined ? [this.unknown, MAX_UNKNOWN] : [this.known, MAX_KNOWN];
    if (entries.size >= limit) entries.delete(entries.keys().next().value!);
    entries.set(id, entry);
  }

  private drop(id: string): void {
    this.known.delete(id);
    this.unknown.delete(id);
    this.loading.delete(id);
  }
}

interface AccessKeyRow {
  id: string;
  account_id: string;
  principal_arn: string;
  sealed_secret: Buffer;
  token_digest: Buffer | null;
  expires_at: Date | null;
  identity_id: string | null;
  /** Neither the key nor its account is switched off. */
  active: boolean;
}
