import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupOf, type Cgroup } from './cgroup.js';

const BYTES_PER_MB = 1024 * 1024;

/** Where the numbers stand in each cgroup version. */
const FILES = {
  v1: { peak: 'memory.max_usage_in_bytes', stat: 'memory.stat', oom: 'memory.oom_control', cache: 'total_cache', shared: 'total_shmem' },
  v2: { peak: 'memory.peak', stat: 'memory.stat', oom: 'memory.events', cache: 'file', shared: 'shmem' },
} as const;

/**
 * Memory of one container, read from its cgroup. The peak counts what Lambda's Max Memory Used counts: not the file cache,
 * which the kernel drops before it kills.
 */
export class MemoryMeter {
  private readonly peakFd: number;
  private readonly buffer = Buffer.allocUnsafe(32);
  private lastPeak = -1;
  private highWaterMb = 0;

  private constructor(
    private readonly directory: string,
    private readonly version: Cgroup['version'],
  ) {
    this.peakFd = openSync(join(directory, FILES[version].peak), 'r');
  }

  /** Absent where the cgroup files cannot be seen (engine on another machine, worker in a container without them). */
  static ofProcess(pid: number): MemoryMeter | undefined {
    try {
      const found = cgroupOf(pid, 'memory');
      return found && new MemoryMeter(found.directory, found.version);
    } catch {
      // The process is gone already, or the kernel has no memory.peak: the REPORT line then shows what the driver falls back to.
      return undefined;
    }
  }

  /** One read of a small file unless the peak has moved since the last call. */
  highWater(): number {
    try {
      const peak = this.readPeak();
      if (peak !== this.lastPeak) {
        this.lastPeak = peak;
        const stat = readFileSync(join(this.directory, FILES[this.version].stat), 'utf8');
        const cache = Math.max(0, field(stat, FILES[this.version].cache) - field(stat, FILES[this.version].shared));
        this.highWaterMb = Math.max(this.highWaterMb, Math.ceil((peak - cache) / BYTES_PER_MB));
      }
    } catch {
      // The cgroup went with its container: the last reading stands.
    }
    return this.highWaterMb;
  }

  /** Whether the kernel has killed a process in this cgroup. False once the cgroup is gone. */
  oomKilled(): boolean {
    try {
      return field(readFileSync(join(this.directory, FILES[this.version].oom), 'utf8'), 'oom_kill') > 0;
    } catch {
      // See highWater.
      return false;
    }
  }

  close(): void {
    closeSync(this.peakFd);
  }

  private readPeak(): number {
    const length = readSync(this.peakFd, this.buffer, 0, this.buffer.length, 0);
    return Number(this.buffer.toString('latin1', 0, length));
  }
}

function field(text: string, name: string): number {
  const match = new RegExp(`^${name} (\\d+)$`, 'm').exec(text);
  return match ? Number(match[1]) : 0;
}
