import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupOf } from './cgroup.js';

const BYTES_PER_MB = 1024 * 1024;

/**
 * Raises the memory limit of a container at once, by its cgroup; there is no swap on top of it, as before.
 * @returns false where the cgroup cannot be written
 */
export function raiseMemoryLimit(pid: number, megabytes: number): boolean {
  try {
    const cgroup = cgroupOf(pid, 'memory');
    if (cgroup === undefined) return false;
    const bytes = String(megabytes * BYTES_PER_MB);
    if (cgroup.version === 'v2') {
      writeFileSync(join(cgroup.directory, 'memory.max'), bytes);
      return true;
    }
    // Memory and swap together may never be less than memory: they go first. Kernels that do not account for swap lack the file.
    writeExisting(join(cgroup.directory, 'memory.memsw.limit_in_bytes'), bytes);
    writeFileSync(join(cgroup.directory, 'memory.limit_in_bytes'), bytes);
    return true;
  } catch {
    // No rights, or the container is gone: the caller gives the ember up.
    return false;
  }
}

function writeExisting(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'r+' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
