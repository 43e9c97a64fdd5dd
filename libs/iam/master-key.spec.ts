import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperatorError } from '@hearth/kernel';
import { addMasterKey, deriveKey, dropPreviousMasterKeys, loadMasterKey, loadMasterKeys, masterKeyId } from './master-key.js';

let stateDir: string;
beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'hearth-key-'));
});
afterEach(() => rm(stateDir, { recursive: true }));

it('makes one key file with mode 0600, however many processes start at once', async () => {
  const keys = await Promise.all(Array.from({ length: 20 }, () => loadMasterKey({ stateDir: join(stateDir, 'new') })));
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
  expect(await readdir(join(stateDir, 'new'))).toEqual(['master.key']);
  expect((await stat(join(stateDir, 'new/master.key'))).mode & 0o777).toBe(0o600);
  expect(await loadMasterKey({ stateDir: join(stateDir, 'new') })).toEqual(keys[0]);
});

it('takes the configured key and makes no file', async () => {
  const configured = Buffer.alloc(32, 7).toString('base64');
  expect(await loadMasterKey({ configured, stateDir })).toEqual(Buffer.alloc(32, 7));
  expect(await readdir(stateDir)).toEqual([]);
});

it('tells the operator of a file that others can read, and of one that is damaged', async () => {
  await loadMasterKey({ stateDir });
  const path = join(stateDir, 'master.key');
  await chmod(path, 0o644);
  await expect(loadMasterKey({ stateDir })).rejects.toThrow(OperatorError);
  await chmod(path, 0o600);
  await writeFile(path, (await readFile(path, 'utf8')).slice(4));
  await expect(loadMasterKey({ stateDir })).rejects.toThrow(OperatorError);
});

it('derives different keys for different purposes', () => {
  const key = Buffer.alloc(32, 1);
  expect(deriveKey(key, 'code links')).toHaveLength(32);
  expect(deriveKey(key, 'code links')).toEqual(deriveKey(key, 'code links'));
  expect(deriveKey(key, 'code links')).not.toEqual(deriveKey(key, 'other'));
});

it('puts a new key before the old one in the file, and drops the old one when told', async () => {
  const first = await loadMasterKeys({ stateDir });
  expect(first.previous).toEqual([]);
  const second = await addMasterKey(stateDir);
  expect(second.previous).toEqual([first.current]);
  expect(await loadMasterKeys({ stateDir })).toEqual(second);
  expect(await loadMasterKey({ stateDir })).toEqual(second.current);
  expect(masterKeyId(first.current)).not.toBe(masterKeyId(second.current));
  await dropPreviousMasterKeys(stateDir);
  expect(await loadMasterKeys({ stateDir })).toEqual({ current: second.current, previous: [] });
  expect((await stat(join(stateDir, 'master.key'))).mode & 0o777).toBe(0o600);
  expect(await readdir(stateDir)).toEqual(['master.key']);
});

it('takes a previous key only beside a configured one', async () => {
  const [configured, previous] = [Buffer.alloc(32, 7), Buffer.alloc(32, 8)];
  expect(await loadMasterKeys({ configured: configured.toString('base64'), previous: previous.toString('base64'), stateDir })).toEqual({ current: configured, previous: [previous] });
});
