import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { OperatorError } from '@hearth/kernel';
import type { AccessKey } from './access-key.js';

export interface ProfileTarget {
  /** Setting HEARTH_PROFILE_DIR. */
  profileDir: string;
  /** `http://HOST:PORT` */
  endpoint: string;
  region: string;
}

const CREDENTIALS = 'credentials';
const CONFIG = 'config';

/*
 * The formats of the AWS tools: AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE can point at the two files. Both hold the profile
 * `hearth` and the same as default, so that no tool needs to be told a profile.
 */

/** @returns path of the file */
export async function writeCredentials(target: ProfileTarget, key: AccessKey): Promise<string> {
  const lines = [`aws_access_key_id = ${key.accessKeyId}`, `aws_secret_access_key = ${key.secretAccessKey}`];
  return write(target.profileDir, CREDENTIALS, sections(['default', 'hearth'], lines));
}

/** @returns path of the file */
export async function writeConfig(target: ProfileTarget): Promise<string> {
  return write(target.profileDir, CONFIG, sections(['default', 'profile hearth'], [`region = ${target.region}`, `endpoint_url = ${target.endpoint}`]));
}

/** @returns path of the credentials file when it already holds this key */
export async function findCredentials(target: ProfileTarget, accessKeyId: string): Promise<string | undefined> {
  const path = join(target.profileDir, CREDENTIALS);
  try {
    return (await readFile(path, 'utf8')).includes(`aws_access_key_id = ${accessKeyId}\n`) ? path : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cannotWrite(path, error);
  }
}

function sections(names: string[], lines: string[]): string {
  return `${names.map((name) => [`[${name}]`, ...lines].join('\n')).join('\n\n')}\n`;
}

/** Whole or not at all, and never readable by others, not even for a moment. */
async function write(directory: string, name: string, text: string): Promise<string> {
  const path = join(directory, name);
  const draft = `${path}.${randomUUID()}`;
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    throw cannotWrite(path, error);
  }
  return path;
}

function cannotWrite(path: string, error: unknown): OperatorError {
  return new OperatorError(
    `The profile file ${path} cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
    'Make its directory writable for this user, or set HEARTH_PROFILE_DIR to another one.',
  );
}
