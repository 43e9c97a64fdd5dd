import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';

/** What must outlive the platform so that the next start reaches the same server. */
export interface ServerRecord {
  password: string;
  /** 0 until the first start. */
  port: number;
}

export async function readRecord(path: string): Promise<ServerRecord> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ServerRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const record = { password: randomBytes(24).toString('base64url'), port: 0 };
    await writeRecord(path, record);
    return record;
  }
}

export async function writeRecord(path: string, record: ServerRecord): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
}
