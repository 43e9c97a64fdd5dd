import { randomBytes, randomUUID } from 'node:crypto';
import { OperatorError } from '@hearth/kernel';
import { masterKeyId, type MasterKeys } from '../master-key.js';
import { SecretBox } from '../secret-box.js';
import { isDuplicate, type Queryable } from '../store/queryable.js';
import { KEY_BYTES, SealError } from './authenticated-encryption.js';

/** Keys and their data keys in Postgres. */

/** The platform's own key: seals whatever no named key was asked for. */
export const PLATFORM_KEY_ID = '00000000-0000-0000-0000-000000000000';
const PLATFORM_KEY_NAME = 'platform';
const NAME = /^[a-zA-Z0-9_-]{1,128}$/;

/** A key of an account, as `arn:aws:kms:REGION:ACCOUNT:key/NAME` names it. */
export interface NamedKey {
  accountId: string;
  name: string;
}

/** Current data keys: by key, and the keys of accounts by name. */
export interface CurrentKeys {
  versionOf: ReadonlyMap<string, number>;
  keyIdOf(key: NamedKey): string | undefined;
}

export interface WrappedKey {
  id: number;
  keyId: string;
  wrapped: Buffer;
  masterId: string;
}

export interface KeySummary {
  /** Absent: the platform's own. */
  accountId: string | undefined;
  name: string;
  createdAt: Date;
  currentVersion: number;
  currentSince: Date;
  /** Data keys that are no longer used to seal, but still needed. */
  retired: number;
}

export async function currentKeys(database: Queryable): Promise<CurrentKeys> {
  const { rows } = await database.query<{ key_id: string; account_id: string | null; name: string; version: number }>(
    `SELECT k.id AS key_id, k.account_id, k.name, v.id AS version FROM encryption_keys k JOIN encryption_key_versions v ON v.key_id = k.id WHERE v.retired_at IS NULL`,
  );
  const ids = new Map(rows.map(({ account_id, name, key_id }) => [`${account_id ?? ''}/${name}`, key_id]));
  return { versionOf: new Map(rows.map(({ key_id, version }) => [key_id, version])), keyIdOf: ({ accountId, name }) => ids.get(`${accountId}/${name}`) };
}

export async function readVersion(database: Queryable, id: number): Promise<WrappedKey | undefined> {
  const { rows } = await database.query<{ id: number; key_id: string; wrapped: Buffer; master_id: string }>(
    'SELECT id, key_id, wrapped, master_id FROM encryption_key_versions WHERE id = $1',
    [id],
  );
  return rows[0] && { id: rows[0].id, keyId: rows[0].key_id, wrapped: rows[0].wrapped, masterId: rows[0].master_id };
}

export async function listKeys(database: Queryable): Promise<KeySummary[]> {
  const { rows } = await database.query<{ account_id: string | null; name: string; created_at: Date; version: number; since: Date; retired: number }>(
    `SELECT k.account_id, k.name, k.created_at, c.id AS version, c.created_at AS since,
       (SELECT count(*)::int FROM encryption_key_versions r WHERE r.key_id = k.id AND r.retired_at IS NOT NULL) AS retired
     FROM encryption_keys k JOIN encryption_key_versions c ON c.key_id = k.id AND c.retired_at IS NULL
     ORDER BY k.account_id NULLS FIRST, k.name`,
  );
  return rows.map((row) => ({ accountId: row.account_id ?? undefined, name: row.name, createdAt: row.created_at, currentVersion: row.version, currentSince: row.since, retired: row.retired }));
}

/** Makes the platform's key unless it is there. */
export async function ensurePlatformKey(database: Queryable, { current }: MasterKeys): Promise<void> {
  const { rowCount } = await database.query('INSERT INTO encryption_keys (id, name) VALUES ($1, $2) ON CONFLICT DO NOTHING', [PLATFORM_KEY_ID, PLATFORM_KEY_NAME]);
  if (rowCount === 1) await addVersion(database, PLATFORM_KEY_ID, current);
}

/** @throws OperatorError for names that cannot be or are taken, and unknown accounts */
export async function insertKey(database: Queryable, { accountId, name }: NamedKey, { current }: MasterKeys): Promise<void> {
  if (!NAME.test(name)) throw new OperatorError(`${name} cannot be the name of a key.`, 'Use 1 to 128 letters, digits, - and _.');
  const known = await database.query('SELECT 1 FROM accounts WHERE id = $1', [accountId]);
  if (known.rowCount === 0) throw new OperatorError(`There is no account ${accountId}.`, 'hearth admin account list');
  const id = randomUUID();
  try {
    await database.query('INSERT INTO encryption_keys (id, account_id, name) VALUES ($1, $2, $3)', [id, accountId, name]);
  } catch (error) {
    if (isDuplicate(error)) throw new OperatorError(`Account ${accountId} has a key ${name} already.`, 'hearth keys list');
    throw error;
  }
  await addVersion(database, id, current);
}

/** A new data key for each of the keys; from the commit on it seals, and the earlier ones only open. */
export async function replaceVersions(database: Queryable, keyIds: readonly string[], { current }: MasterKeys): Promise<void> {
  for (const keyId of keyIds) {
    await database.query('SELECT 1 FROM encryption_keys WHERE id = $1 FOR UPDATE', [keyId]);
    await database.query('UPDATE encryption_key_versions SET retired_at = now() WHERE key_id = $1 AND retired_at IS NULL', [keyId]);
    await addVersion(database, keyId, current);
  }
}

/** @returns how many data keys were wrapped with another master key than the current one */
export async function rewrapVersions(database: Queryable, masters: MasterKeys): Promise<number> {
  const { rows } = await database.query<{ id: number; key_id: string; wrapped: Buffer; master_id: string }>(
    'SELECT id, key_id, wrapped, master_id FROM encryption_key_versions WHERE master_id <> $1 ORDER BY id FOR UPDATE',
    [masterKeyId(masters.current)],
  );
  for (const { id, key_id, wrapped, master_id } of rows) {
    const dataKey = unwrap({ id, keyId: key_id, wrapped, masterId: master_id }, masters);
    await database.query('UPDATE encryption_key_versions SET wrapped = $2, master_id = $3 WHERE id = $1', [id, wrap(id, dataKey, masters.current), masterKeyId(masters.current)]);
  }
  return rows.length;
}

/** @throws SealError when none of the master keys wrapped it */
export function unwrap({ id, wrapped, masterId }: WrappedKey, { current, previous }: MasterKeys): Buffer {
  const master = [current, ...previous].find((key) => masterKeyId(key) === masterId);
  if (master === undefined) throw new SealError(`Data key ${id} was wrapped with master key ${masterId}, which is not here`);
  return new SecretBox(master).open(wrapped, wrappingContext(id));
}

async function addVersion(database: Queryable, keyId: string, master: Buffer): Promise<void> {
  const { rows } = await database.query<{ id: number }>(`SELECT nextval(pg_get_serial_sequence('encryption_key_versions', 'id'))::int AS id`);
  const { id } = rows[0]!;
  await database.query('INSERT INTO encryption_key_versions (id, key_id, wrapped, master_id) VALUES ($1, $2, $3, $4)', [id, keyId, wrap(id, randomBytes(KEY_BYTES), master), masterKeyId(master)]);
}

function wrap(id: number, dataKey: Buffer, master: Buffer): Buffer {
  return new SecretBox(master).seal(dataKey, wrappingContext(id));
}

function wrappingContext(id: number): string {
  return `data-key/${id}`;
}
