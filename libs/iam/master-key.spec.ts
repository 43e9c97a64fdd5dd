import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OperatorError } from '@hearth/kernel';
import { deriveKey, loadMasterKey } from './master-key.js';

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
