import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupOf } from './cgroup.js';

const PERIOD_US = 100_000;

/**
 * Sets the CPU quota of a container at once, by its cgroup: asking the engine takes longer than a warm invocation.
 * @param vcpus how much
 * @returns false where the cgroup cannot be written; the engine has to be asked then
 */
export function setCpuQuota(pid: number, vcpus: number): boolean {
  try {
    const cgroup = cgroupOf(pid, 'cpu');
    if (cgroup === undefined) return false;
    const quota = Math.max(1_000, Math.floor(vcpus * PERIOD_US));
    if (cgroup.version === 'v1') writeFileSync(join(cgroup.directory, 'cpu.cfs_quota_us'), String(quota));
    else writeFileSync(join(cgroup.directory, 'cpu.max'), `${quota} ${PERIOD_US}`);
    return true;
  } catch {
    // No rights, or the container is gone: the caller's other way tells which.
    return false;
  }
}
