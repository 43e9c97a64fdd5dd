import type { PackageStore } from '@hearth/artifacts';
import type { Preparations } from './preparations.js';
import type { CatalogueStore } from './store.js';

/**
 * Work nobody waits for, at intervals: unfinished steps of processes that died, and packages without users. Every process of a
 * deployment does it; the database decides who wins.
 */
export class Housekeeping {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly parts: { store: CatalogueStore; packages: PackageStore; preparations: Preparations },
    private readonly options: { intervalMs: number; packageGraceMs: number },
    private readonly onError: (error: unknown, doing: string) => void,
  ) {}

  start(): void {
    if (this.stopped || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.running = this.round()
        .catch((error: unknown) => this.onError(error, 'housekeeping of the catalogue'))
        .finally(() => this.start());
    }, this.options.intervalMs);
    this.timer.unref();
  }

  /** @returns how many packages were removed */
  sweepPackages(): Promise<number> {
    return this.parts.store.sweepPackages(this.options.packageGraceMs, (digest) => this.parts.packages.remove(digest));
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private async round(): Promise<void> {
    await this.parts.preparations.resume();
    await this.sweepPackages();
  }
}
