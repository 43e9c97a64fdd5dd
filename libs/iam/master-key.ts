import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '@hearth/kernel';

const KEY_BYTES = 32;
const FILE_NAME = 'master.key';

export interface MasterKeyOptions {
  /** Setting HEARTH_MASTER_KEY: base64 of 32 bytes. */
  configured?: string;
  /** Where the key file is kept when none is configured. */
  stateDir: string;
}

/**
 * The configured key, or the one in `STATE_DIR/master.key` (mode 0600), made at the first start. Processes that start at once on one
 * state directory get the same key.
 * @throws OperatorError for a key or a file that cannot be used
 */
export async function loadMasterKey({ configured, stateDir }: MasterKeyOptions): Promise<Buffer> {
  if (configured !== undefined) return decode(configured, 'HEARTH_MASTER_KEY');
  const path = join(stateDir, FILE_NAME);
  try {
    return (await readKeyFile(path)) ?? (await makeKeyFile(stateDir, path));
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw new OperatorError(
      `The master key file ${path} cannot be read or made: ${error instanceof Error ? error.message : String(error)}.`,
      'Make the state directory writable for this user, set HEARTH_STATE_DIR to another one, or set HEARTH_MASTER_KEY.',
    );
  }
}

/** A key for one purpose, so that the master key itself signs and encrypts nothing but secrets at rest. */
export function deriveKey(masterKey: Buffer, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, Buffer.alloc(0), `hearth ${purpose}`, KEY_BYTES));
}

async function readKeyFile(path: string): Promise<Buffer | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (((await stat(path)).mode & 0o077) !== 0) throw new OperatorError(`The master key file ${path} can be read by other users.`, `Run: chmod 600 ${path}`);
  return decode(text.trim(), path);
}

/** The name appears only with its full content: a link to a finished file either succeeds or finds another's. */
async function makeKeyFile(stateDir: string, path: string): Promise<Buffer> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  return (await readKeyFile(path))!;
}

function decode(text: string, origin: string): Buffer {
  const key = Buffer.from(text, 'base64');
  if (key.length !== KEY_BYTES || key.toString('base64') !== text) {
    throw new OperatorError(`${origin} is not base64 of ${KEY_BYTES} bytes.`, 'Restore the key from your backup, or make one with: openssl rand -base64 32');
  }
  return key;
}
