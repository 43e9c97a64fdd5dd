import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface SystemAccount {
  name: string;
  uid: number;
  gid: number;
}

/** A user of this machine by name, from /etc/passwd. */
export async function systemAccount(name: string): Promise<SystemAccount | undefined> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((text) => text.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid === undefined || gid === undefined ? undefined : { name, uid: Number(uid), gid: Number(gid) };
}

/** The first directory on the way to `path` that other users may not enter, or undefined when there is none. */
export async function closedAncestor(path: string): Promise<string | undefined> {
  for (let directory = path; ; directory = dirname(directory)) {
    if (((await stat(directory)).mode & 0o001) === 0) return directory;
    if (dirname(directory) === directory) return undefined;
  }
}
