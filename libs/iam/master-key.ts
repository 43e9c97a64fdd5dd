import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '@hearth/kernel';

const KEY_BYTES = 32;
const FILE_NAME = 'master.key';
const FINGERPRINT_BYTES = 8;

export interface MasterKeyOptions {
  /** Setting HEARTH_MASTER_KEY: base64 of 32 bytes. */
  configured?: string;
  /** Setting HEARTH_PREVIOUS_MASTER_KEY: what `configured` takes the place of. */
  previous?: string;
  /** Where the key file is kept when none is configured. */
  stateDir: string;
}

/** What data keys are wrapped with. */
export interface MasterKeys {
  current: Buffer;
  /** Still needed while a replacement is under way. */
  previous: readonly Buffer[];
}

/**
 * The configured key, or the one in `STATE_DIR/master.key` (mode 0600), made at the first start. Processes that start at once on one
 * state directory get the same key.
 * @throws OperatorError for a key or a file that cannot be used
 */
export async function loadMasterKey(options: MasterKeyOptions): Promise<Buffer> {
  return (await loadMasterKeys(options)).current;
}

/** The same with what it takes the place of: further lines of the file, oldest last. @throws OperatorError */
export async function loadMasterKeys({ configured, previous, stateDir }: MasterKeyOptions): Promise<MasterKeys> {
  if (configured !== undefined) {
    return { current: decode(configured, 'HEARTH_MASTER_KEY'), previous: previous === undefined ? [] : [decode(previous, 'HEARTH_PREVIOUS_MASTER_KEY')] };
  }
  const path = join(stateDir, FILE_NAME);
  return usingFile(path, async () => (await readKeyFile(path)) ?? (await makeKeyFile(stateDir, path)));
}

/**
 * Puts a new key before those in the key file. Everything can be opened with the file at every moment.
 * @throws OperatorError
 */
export async function addMasterKey(stateDir: string): Promise<MasterKeys> {
  const path = join(stateDir, FILE_NAME);
  return usingFile(path, async () => {
    const before = await loadMasterKeys({ stateDir });
    const keys = { current: randomBytes(KEY_BYTES), previous: [before.current, ...before.previous] };
    await replaceKeyFile(path, keys);
    return keys;
  });
}

/** Once nothing is wrapped with the earlier ones. @throws OperatorError */
export async function dropPreviousMasterKeys(stateDir: string): Promise<void> {
  const path = join(stateDir, FILE_NAME);
  await usingFile(path, async () => replaceKeyFile(path, { current: (await loadMasterKeys({ stateDir })).current, previous: [] }));
}

/** A key for one purpose, so that the master key itself encrypts nothing but data keys. */
export function deriveKey(masterKey: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `hearth ${purpose}`, KEY_BYTES));
}

/** Tells master keys apart without telling anything about them. */
export function masterKeyId(masterKey: Buffer): string {
  return deriveKey(masterKey, 'master key id').toString('hex', 0, FINGERPRINT_BYTES);
}

async function usingFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(
      `The master key file ${path} cannot be read or made: ${error instanceof Error ? error.message : String(error)}.`,
      'Make the state directory writable for this user, set HEARTH_STATE_DIR to another one, or set HEARTH_MASTER_KEY.',
    );
  }
}

async function readKeyFile(path: string): Promise<MasterKeys | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (((await stat(path)).mode & 0o077) !== 0) throw new OperatorError(`The master key file ${path} can be read by other users.`, `Run: chmod 600 ${path}`);
  const [current, ...previous] = text.trim().split('\n').map((line) => decode(line, path));
  return { current: current!, previous };
}

/** The name appears only with its full content: a link to a finished file either succeeds or finds another's. */
async function makeKeyFile(stateDir: string, path: string): Promise<MasterKeys> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const draft = await writeDraft(path, { current: randomBytes(KEY_BYTES), previous: [] });
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  return (await readKeyFile(path))!;
}

async function replaceKeyFile(path: string, keys: MasterKeys): Promise<void> {
  await rename(await writeDraft(path, keys), path);
}

async function writeDraft(path: string, { current, previous }: MasterKeys): Promise<string> {
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile([current, ...previous].map((key) => `${key.toString('base64')}\n`).join(''));
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

function decode(text: string, origin: string): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64') !== text) {
    throw new OperatorError(`${origin} is not base64 of ${KEY_BYTES} bytes.`, 'Restore the key from your backup, or make one with: openssl rand -base64 32');
  }
  return key;
}
