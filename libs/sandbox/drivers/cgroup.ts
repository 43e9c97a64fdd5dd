import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const CGROUP_ROOT = '/sys/fs/cgroup';

export interface Cgroup {
  directory: string;
  version: 'v1' | 'v2';
}

/**
 * The cgroup directory of a process for one controller; absent where it cannot be seen (worker in a container without them).
 * @throws Error when the process is gone
 */
export function cgroupOf(pid: number, controller: 'memory' | 'cpu' | 'freezer'): Cgroup | undefined {
  return parseCgroup(readFileSync(`/proc/${pid}/cgroup`, 'utf8'), controller);
}

/** @param text of /proc/PID/cgroup: `ID:CONTROLLERS:PATH` lines; version 2 is the line without controllers */
export function parseCgroup(text: string, controller: string, root = CGROUP_ROOT): Cgroup | undefined {
  const lines = text.trim().split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  const v1 = lines.find((line) => line?.[1]?.split(',').includes(controller));
  if (v1) return existing({ directory: join(root, controller, v1[2]!), version: 'v1' });
  const v2 = lines.find((line) => line?.[1] === '');
  return v2 ? existing({ directory: join(root, v2[2]!), version: 'v2' }) : undefined;
}

function existing(cgroup: Cgroup): Cgroup | undefined {
  return existsSync(cgroup.directory) ? cgroup : undefined;
}
