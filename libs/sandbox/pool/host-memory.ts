import { readFileSync } from 'node:fs';

/** A storm of starts reads once. */
const FRESH_MS = 100;
const KIB_PER_MIB = 1_024;

/** Memory that this machine can give without swapping or killing, whoever uses the rest. */
export class HostMemory {
  private readAt = 0;
  private availableMb: number | undefined;

  constructor(private readonly file = '/proc/meminfo') {}

  /** @returns MB; undefined where the kernel does not tell */
  available(): number | undefined {
    const now = performance.now();
    if (this.readAt === 0 || now - this.readAt > FRESH_MS) {
      this.availableMb = this.read();
      this.readAt = now;
    }
    return this.availableMb;
  }

  private read(): number | undefined {
    try {
      const found = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync(this.file, 'latin1'));
      return found === null ? undefined : Math.floor(Number(found[1]) / KIB_PER_MIB);
    } catch {
      return undefined; // No such file: not Linux.
    }
  }
}
