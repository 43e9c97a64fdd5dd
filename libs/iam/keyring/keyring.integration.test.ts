import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, Database, type TestDatabase } from '@hearth/database';
import { OperatorError } from '@hearth/kernel';
import { accountRootArn, secretContext } from '../access-key.js';
import { KeyStore } from '../key-store.js';
import { addMasterKey, dropPreviousMasterKeys, loadMasterKeys, type MasterKeys } from '../master-key.js';
import { SecretBox } from '../secret-box.js';
import { createAccount } from '../store/accounts.js';
import { accessKeySecrets } from './access-key-secrets.js';
import { SealError } from './authenticated-encryption.js';
import { listKeys, readVersion, unwrap } from './key-table.js';
import { Keyring, UnknownKeyError } from './keyring.js';
import { createKey, rewrapDataKeys, rotateKeys, type RotationOptions } from './rotation.js';
import { dataKeyIdOf, openWith } from './sealed-form.js';

const ACCOUNT = '111122223333';
const OTHER = '444455556666';

let testDatabase: TestDatabase;
let database: Database;
let stateDir: string;
const errors: Error[] = [];

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  database = new Database({ url: testDatabase.url, maxConnections: 8 });
  stateDir = await mkdtemp(join(tmpdir(), 'hearth-keyring-'));
  for (const [accountId, name] of [[ACCOUNT, 'one'], [OTHER, 'two']] as const) await database.pool.query('INSERT INTO accounts (id, name) VALUES ($1, $2)', [accountId, name]);
  errors.length = 0;
});
afterEach(async () => {
  await database.close();
  await testDatabase.drop();
  await rm(stateDir, { recursive: true });
  expect(errors).toEqual([]);
});

const masterKeys = (): Promise<MasterKeys> => loadMasterKeys({ stateDir });
const keyring = (masters = masterKeys): Promise<Keyring> => Keyring.open({ database, masterKeys: masters, onError: (error) => errors.push(error) });
const keyStoreOn = (secretBox: Keyring | SecretBox): KeyStore => new KeyStore({ database, secretBox, onError: (error) => errors.push(error) });
const newKey = (store: KeyStore) => store.create({ accountId: ACCOUNT, principalArn: accountRootArn(ACCOUNT) });

async function rotation(ring: Keyring): Promise<RotationOptions> {
  return { database, keyring: ring, masterKeys, values: [accessKeySecrets(database, ring)], retirementMs: 0 };
}

async function sealedSecret(id: string): Promise<Buffer> {
  const { rows } = await database.pool.query<{ sealed_secret: Buffer }>('SELECT sealed_secret FROM access_keys WHERE id = $1', [id]);
  return rows[0]!.sealed_secret;
}

async function dataKey(id: number, masters?: MasterKeys): Promise<Buffer> {
  return unwrap((await readVersion(database.pool, id))!, masters ?? (await masterKeys()));
}

describe('the keyring', () => {
  it('makes one platform key, however many processes open it at once', async () => {
    const rings = await Promise.all(Array.from({ length: 10 }, () => keyring()));
    const sealed = await Promise.all(rings.map((ring) => ring.seal(Buffer.from('x'), 'c')));
    expect(new Set(sealed.map(dataKeyIdOf)).size).toBe(1);
    for (const ring of rings) for (const each of sealed) expect((await ring.open(each, 'c')).toString()).toBe('x');
    expect(await listKeys(database.pool)).toEqual([expect.objectContaining({ accountId: undefined, name: 'platform', retired: 0 })]);
  });

  it('seals with a named key of an account, also one made a moment ago by another process', async () => {
    const [first, second] = await Promise.all([keyring(), keyring()]);
    await expect(first.seal(Buffer.from('x'), 'c', { accountId: ACCOUNT, name: 'team' })).rejects.toThrow(UnknownKeyError);
    await createKey({ database, masterKeys }, { accountId: ACCOUNT, name: 'team' });
    const sealed = await first.seal(Buffer.from('x'), 'c', { accountId: ACCOUNT, name: 'team' });
    expect(dataKeyIdOf(sealed)).not.toBe(dataKeyIdOf(await first.seal(Buffer.from('x'), 'c')));
    expect((await second.open(sealed, 'c')).toString()).toBe('x');
    await expect(second.seal(Buffer.from('x'), 'c', { accountId: OTHER, name: 'team' })).rejects.toThrow(UnknownKeyError);
  });

  it('tells the operator of names that are taken or cannot be, and of accounts that are not there', async () => {
    await createKey({ database, masterKeys }, { accountId: ACCOUNT, name: 'team' });
    await createKey({ database, masterKeys }, { accountId: OTHER, name: 'team' });
    for (const key of [{ accountId: ACCOUNT, name: 'team' }, { accountId: ACCOUNT, name: 'a/b' }, { accountId: ACCOUNT, name: '' }, { accountId: '999999999999', name: 'x' }]) {
      await expect(createKey({ database, masterKeys }, key)).rejects.toThrow(OperatorError);
    }
  });

  it('keeps no data key in the clear', async () => {
    const ring = await keyring();
    const key = await dataKey(dataKeyIdOf(await ring.seal(Buffer.from('x'), 'c'))!);
    const { rows } = await database.pool.query<{ wrapped: Buffer; text: string }>('SELECT wrapped, v::text AS text FROM encryption_key_versions v');
    for (const { wrapped, text } of rows) {
      expect(wrapped.includes(key)).toBe(false);
      expect(text).not.toContain(key.toString('hex'));
    }
  });

  it('opens what the master key itself sealed before there were data keys', async () => {
    const legacy = await newKey(keyStoreOn(new SecretBox((await masterKeys()).current)));
    const store = keyStoreOn(await keyring());
    expect((await store.read(legacy.accessKeyId))?.secretAccessKey).toBe(legacy.secretAccessKey);
  });

  it('refuses a database of another master key, before and after it has data keys', async () => {
    const other = (): Promise<MasterKeys> => Promise.resolve({ current: randomBytes(32), previous: [] });
    const legacy = await newKey(keyStoreOn(new SecretBox((await masterKeys()).current)));
    await expect(keyring(other)).rejects.toThrow(OperatorError);
    const store = keyStoreOn(await keyring());
    expect((await store.read(legacy.accessKeyId))?.secretAccessKey).toBe(legacy.secretAccessKey);
    await expect(keyring(other)).rejects.toThrow(OperatorError);
  });
});

describe('a rotation', () => {
  it('seals everything anew and leaves nothing that the old data key opens', async () => {
    const ring = await keyring();
    const store = keyStoreOn(ring);
    const legacy = await newKey(keyStoreOn(new SecretBox((await masterKeys()).current)));
    const keys = [legacy, ...(await Promise.all(Array.from({ length: 450 }, () => newKey(store))))];
    const oldId = dataKeyIdOf(await sealedSecret(keys[1]!.accessKeyId))!;
    const oldKey = await dataKey(oldId);
    expect(await rotateKeys(await rotation(ring))).toEqual({ keys: 1, resealed: 451, destroyed: 1 });
    expect(await readVersion(database.pool, oldId)).toBeUndefined();
    for (const { accessKeyId, secretAccessKey } of keys) {
      const sealed = await sealedSecret(accessKeyId);
      expect(dataKeyIdOf(sealed)).not.toBe(oldId);
      expect(() => openWith(oldKey, sealed, secretContext(accessKeyId))).toThrow(SealError);
      expect((await store.read(accessKeyId))?.secretAccessKey).toBe(secretAccessKey);
    }
    const later = await keyring();
    expect((await later.open(await sealedSecret(legacy.accessKeyId), secretContext(legacy.accessKeyId))).toString()).toBe(legacy.secretAccessKey);
  });

  it('of one key leaves the others alone', async () => {
    const ring = await keyring();
    await createKey({ database, masterKeys }, { accountId: ACCOUNT, name: 'team' });
    const before = await listKeys(database.pool);
    expect(await rotateKeys(await rotation(ring), { accountId: ACCOUNT, name: 'team' })).toMatchObject({ keys: 1, destroyed: 1 });
    const after = await listKeys(database.pool);
    expect(after.map(({ name }) => name)).toEqual(before.map(({ name }) => name));
    expect(after[0]!.currentVersion === before[0]!.currentVersion).toBe(after[0]!.name === 'platform');
    expect(after.filter(({ currentVersion }, index) => currentVersion !== before[index]!.currentVersion).map(({ name }) => name)).toEqual(['team']);
    await expect(rotateKeys(await rotation(ring), { accountId: OTHER, name: 'team' })).rejects.toThrow(OperatorError);
  });

  it('is the only one at a time', async () => {
    const ring = await keyring();
    const results = await Promise.allSettled(Array.from({ length: 3 }, async () => rotateKeys({ ...(await rotation(ring)), retirementMs: 500 })));
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(results.find((result) => result.status === 'rejected')?.reason).toBeInstanceOf(OperatorError);
  });

  it('that was cut off is taken up by the next', async () => {
    const ring = await keyring();
    const store = keyStoreOn(ring);
    const key = await newKey(store);
    const broken = { what: 'x', reseal: () => Promise.reject(new Error('cut off')) };
    await expect(rotateKeys({ ...(await rotation(ring)), values: [broken] })).rejects.toThrow('cut off');
    expect((await store.read(key.accessKeyId))?.secretAccessKey).toBe(key.secretAccessKey);
    expect(await rotateKeys(await rotation(ring))).toEqual({ keys: 1, resealed: 1, destroyed: 2 });
    expect((await store.read(key.accessKeyId))?.secretAccessKey).toBe(key.secretAccessKey);
  });

  it('lets nobody store what only a destroyed data key could open', async () => {
    const slow = await keyring();
    const sealed = await slow.seal(Buffer.from('late'), secretContext('AKIALATE'));
    await rotateKeys(await rotation(await keyring()));
    await expect(
      database.pool.query('INSERT INTO access_keys (id, account_id, principal_arn, sealed_secret) VALUES ($1, $2, $3, $4)', ['AKIALATE', ACCOUNT, 'arn', sealed]),
    ).rejects.toMatchObject({ code: '23503' });
  });

  it('loses no key that is made, switched or removed beside it', async () => {
    const processes = await Promise.all(Array.from({ length: 3 }, () => keyring()));
    for (const ring of processes) ring.start();
    const stores = processes.map(keyStoreOn);
    const made = new Map<string, string>();
    let rotating = true;
    const writers = stores.map(async (store) => {
      while (rotating) {
        const key = await newKey(store);
        made.set(key.accessKeyId, key.secretAccessKey);
        await store.setActive(key.accessKeyId, false);
        const removed = await newKey(store);
        expect(await store.delete(removed.accessKeyId)).toBe(true);
      }
    });
    const rotated = [];
    for (let round = 0; round < 2; round++) rotated.push(await rotateKeys({ ...(await rotation(await keyring())), retirementMs: 2_000 }));
    rotating = false;
    await Promise.all(writers);
    expect(rotated.map(({ destroyed }) => destroyed)).toEqual([1, 1]);
    expect(made.size).toBeGreaterThan(10);
    for (const store of stores) for (const [id, secret] of made) expect(await store.read(id)).toMatchObject({ secretAccessKey: secret, active: false });
    expect((await database.pool.query('SELECT 1 FROM access_keys')).rowCount).toBe(made.size);
    await Promise.all(processes.map((ring) => ring.stop()));
  }, 60_000);
});

describe('a new master key', () => {
  it('opens everything in processes that run and in those that come, and the old one nothing', async () => {
    const running = await keyring();
    const before = await masterKeys();
    const legacy = await newKey(keyStoreOn(new SecretBox(before.current)));
    const store = keyStoreOn(running);
    const key = await newKey(store);
    await createKey({ database, masterKeys }, { accountId: ACCOUNT, name: 'team' });

    await addMasterKey(stateDir);
    const between = await keyring(); // A process that starts in the middle.
    const ring = await keyring();
    const current = dataKeyIdOf(await sealedSecret(key.accessKeyId))!;
    const plain = await dataKey(current);
    expect(await rewrapDataKeys(await rotation(ring))).toBe(2);
    await dropPreviousMasterKeys(stateDir);
    expect((await readFile(join(stateDir, 'master.key'), 'utf8')).trim().split('\n')).toHaveLength(1);

    // The data keys are the same, what wraps them is not.
    expect(await dataKey(current)).toEqual(plain);
    await expect(dataKey(current, before)).rejects.toThrow(SealError);
    await expect(keyring(() => Promise.resolve(before))).rejects.toThrow(OperatorError);
    expect(() => new SecretBox(before.current)).not.toThrow();
    for (const { accessKeyId, secretAccessKey } of [legacy, key]) {
      const sealed = await sealedSecret(accessKeyId);
      expect(dataKeyIdOf(sealed)).toBe(current);
      for (const each of [running, between, await keyring()]) expect((await each.open(sealed, secretContext(accessKeyId))).toString()).toBe(secretAccessKey);
    }
    // A data key that the running process has not seen yet: it reads the new master key.
    const sealed = await (await keyring()).seal(Buffer.from('x'), 'c', { accountId: ACCOUNT, name: 'team' });
    expect((await running.open(sealed, 'c')).toString()).toBe('x');
    await createKey({ database, masterKeys }, { accountId: ACCOUNT, name: 'later' });
    expect((await running.open(await (await keyring()).seal(Buffer.from('y'), 'c', { accountId: ACCOUNT, name: 'later' }), 'c')).toString()).toBe('y');
  });

  it('can come from the settings, beside the one it takes the place of', async () => {
    const [first, second] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
    const configured = (current: string, previous?: string) => () => loadMasterKeys({ configured: current, previous, stateDir });
    const key = await newKey(keyStoreOn(await keyring(configured(first))));
    const both = configured(second, first);
    const ring = await keyring(both);
    expect(await rewrapDataKeys({ ...(await rotation(ring)), masterKeys: both })).toBe(1);
    expect((await keyStoreOn(await keyring(configured(second))).read(key.accessKeyId))?.secretAccessKey).toBe(key.secretAccessKey);
    await expect(keyring(configured(first))).rejects.toThrow(OperatorError);
  });
});

it('an account made by a process that only knows the keyring can sign in from another', async () => {
  const { administratorKey } = await createAccount(database, keyStoreOn(await keyring()), { accountId: '777788889999', name: 'three' });
  expect((await keyStoreOn(await keyring()).read(administratorKey.accessKeyId))?.secretAccessKey).toBe(administratorKey.secretAccessKey);
});
