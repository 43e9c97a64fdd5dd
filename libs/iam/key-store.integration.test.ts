import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, Database, type TestDatabase } from '@hearth/database';
import { OperatorError, type Clock } from '@hearth/kernel';
import { accountRootArn } from './access-key.js';
import { ensureAdministrator } from './administrator.js';
import { KeyStore } from './key-store.js';
import { SecretBox } from './secret-box.js';

const ACCOUNT = '000000000000';
const secretBox = new SecretBox(randomBytes(32));
let testDatabase: TestDatabase;
let database: Database;
let profileDir: string;
const stores: KeyStore[] = [];
const errors: Error[] = [];

async function store(options: { clock?: Clock; box?: SecretBox; listening?: boolean } = {}): Promise<KeyStore> {
  const keyStore = new KeyStore({ database, secretBox: options.box ?? secretBox, onError: (error) => errors.push(error), ...(options.clock ? { clock: options.clock } : {}) });
  if (options.listening !== false) await keyStore.start();
  stores.push(keyStore);
  return keyStore;
}

/** Waits for a condition with a deadline. */
async function until(condition: () => Promise<boolean> | boolean, withinMs: number): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`Not within ${withinMs} ms`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = new Database({ url: testDatabase.url, maxConnections: 8 });
});
beforeEach(async () => {
  await database.pool.query('TRUNCATE accounts CASCADE');
  profileDir = await mkdtemp(join(tmpdir(), 'hearth-profile-'));
  errors.length = 0;
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((keyStore) => keyStore.stop()));
  await rm(profileDir, { recursive: true });
});
afterAll(async () => {
  await database.close();
  await testDatabase.drop();
});

describe('the first start', () => {
  const options = (keyStore: KeyStore, directory = profileDir) => ({ database, keyStore, accountId: ACCOUNT, profileDir: directory, endpoint: 'http://127.0.0.1:4510', region: 'us-east-1' });

  it('makes account, sealed key and profile, and shows the secret once', async () => {
    const keyStore = await store();
    const first = await ensureAdministrator(options(keyStore));
    expect(first).toMatchObject({ created: true, accountId: ACCOUNT });
    expect(first.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
    expect(first.secretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/);
    const credentials = await readFile(first.credentialsFile, 'utf8');
    const pair = `aws_access_key_id = ${first.accessKeyId}\naws_secret_access_key = ${first.secretAccessKey}\n`;
    expect(credentials).toBe(`[default]\n${pair}\n[hearth]\n${pair}`);
    expect(await readFile(first.configFile, 'utf8')).toBe(
      '[default]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:4510\n\n[profile hearth]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:4510\n',
    );
    expect((await stat(first.credentialsFile)).mode & 0o777).toBe(0o600);
    const { rows } = await database.pool.query<{ sealed_secret: Buffer }>('SELECT sealed_secret FROM access_keys');
    expect(rows).toHaveLength(1);
    expect(rows[0]!.sealed_secret.includes(first.secretAccessKey!)).toBe(false);

    const second = await ensureAdministrator(options(keyStore));
    expect(second).toMatchObject({ created: false, accessKeyId: first.accessKeyId });
    expect(second).not.toHaveProperty('secretAccessKey');
    expect(await readFile(second.credentialsFile, 'utf8')).toBe(credentials);
  });

  it('makes one key when several processes start at once', async () => {
    const keyStores = await Promise.all([store(), store(), store()]);
    const results = await Promise.all(keyStores.map((keyStore) => ensureAdministrator(options(keyStore))));
    expect(results.filter((result) => result.created)).toHaveLength(1);
    expect(new Set(results.map((result) => result.accessKeyId)).size).toBe(1);
  });

  it('restores a lost profile file, and tells the operator of another master key', async () => {
    const keyStore = await store();
    const first = await ensureAdministrator(options(keyStore));
    await rm(first.credentialsFile);
    await ensureAdministrator(options(keyStore));
    expect(await readFile(first.credentialsFile, 'utf8')).toContain(first.secretAccessKey!);
    const other = await store({ box: new SecretBox(randomBytes(32)) });
    await expect(ensureAdministrator(options(other))).rejects.toThrow(OperatorError);
  });

  it('leaves no key behind when the profile cannot be written', async () => {
    await writeFile(join(profileDir, 'file'), '');
    await expect(ensureAdministrator(options(await store(), join(profileDir, 'file', 'directory')))).rejects.toThrow(OperatorError);
    expect((await database.pool.query('SELECT 1 FROM access_keys')).rowCount).toBe(0);
  });
});

describe('look-ups', () => {
  beforeEach(async () => {
    await database.pool.query("INSERT INTO accounts (id, name) VALUES ($1, 'a')", [ACCOUNT]);
  });

  it('find keys with all they need, and answer from memory without a promise', async () => {
    const keyStore = await store();
    const temporary = { tokenDigest: createHash('sha256').update('token').digest(), expiresAt: new Date(Date.now() + 3_600_000) };
    const made = await keyStore.create({ accountId: ACCOUNT, principalArn: accountRootArn(ACCOUNT), temporary });
    expect(made.accessKeyId).toMatch(/^ASIA/);
    expect(await keyStore.lookup(made.accessKeyId)).toEqual(made);
    // The notification of its making may still arrive, and drops it once more.
    await until(async () => {
      await keyStore.lookup(made.accessKeyId);
      return !(keyStore.lookup(made.accessKeyId) instanceof Promise);
    }, 5_000);
    expect(keyStore.lookup(made.accessKeyId)).toEqual(made);
  });

  it('hear of a change made elsewhere within a second', async () => {
    const [here, elsewhere] = await Promise.all([store(), store()]);
    const key = await here.create({ accountId: ACCOUNT, principalArn: accountRootArn(ACCOUNT) });
    expect(await elsewhere.lookup(key.accessKeyId)).toMatchObject({ active: true });
    await here.setActive(key.accessKeyId, false);
    await until(async () => (await elsewhere.lookup(key.accessKeyId))?.active === false, 1_000);
    await here.delete(key.accessKeyId);
    await until(async () => (await elsewhere.lookup(key.accessKeyId)) === undefined, 1_000);
  });

  it('are never older than a second even when no notification arrives', async () => {
    const clock = { at: Date.now(), now: () => clock.at };
    const here = await store();
    const deaf = await store({ clock, listening: false });
    const key = await here.create({ accountId: ACCOUNT, principalArn: accountRootArn(ACCOUNT) });
    await deaf.lookup(key.accessKeyId);
    await here.setActive(key.accessKeyId, false);
    clock.at += 400;
    expect(deaf.lookup(key.accessKeyId)).toMatchObject({ active: true });
    clock.at += 600;
    expect(await deaf.lookup(key.accessKeyId)).toMatchObject({ active: false });
  });

  it('notice a new key after it was asked for in vain', async () => {
    const [here, elsewhere] = await Promise.all([store(), store()]);
    expect(await elsewhere.lookup('AKIAUNKNOWNUNKNOWN22')).toBeUndefined();
    expect(elsewhere.lookup('AKIAUNKNOWNUNKNOWN22')).toBeUndefined();
    expect(elsewhere.lookup("x' OR 1=1")).toBeUndefined();
    const key = await here.create({ accountId: ACCOUNT, principalArn: accountRootArn(ACCOUNT) });
    expect(await elsewhere.lookup(key.accessKeyId)).toBeDefined();
  });

  it('go on listening after the connection was lost', async () => {
    const [here, elsewhere] = await Promise.all([store(), store()]);
    const key = await here.create({ accountId: ACCOUNT, principalArn: accountRootArn(ACCOUNT) });
    await database.pool.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hearth listener'");
    await until(async () => (await database.pool.query("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'hearth listener' AND query LIKE 'LISTEN%'")).rowCount === 2, 5_000);
    await elsewhere.lookup(key.accessKeyId);
    await here.setActive(key.accessKeyId, false);
    await until(async () => (await elsewhere.lookup(key.accessKeyId))?.active === false, 1_000);
    expect(errors.length).toBeGreaterThan(0);
  });
});
