import type { Sandbox } from './sandbox.js';

/**
 * Freezes sandboxes a few milliseconds after they became idle, so that a function which is called all the time never pays for it, and thaws them
 * when they are taken. One timer for all; an invocation costs two operations on a set.
 */
export class IdleFreezer {
  /** Idle and not frozen. */
  private readonly awake = new Set<Sandbox>();
  private timer: NodeJS.Timeout | undefined;

  /** @param afterMs absent: never */
  constructor(
    private readonly afterMs: number | undefined,
    private readonly now: () => number,
  ) {}

  /** It has just become idle. */
  idle(sandbox: Sandbox): void {
    if (this.afterMs === undefined) return;
    this.awake.add(sandbox);
    this.arm();
  }

  /** An invocation takes it. */
  taken(sandbox: Sandbox): void {
    if (this.afterMs !== undefined && !this.awake.delete(sandbox)) sandbox.thaw();
  }

  /** It is being ended. */
  forget(sandbox: Sandbox): void {
    this.awake.delete(sandbox);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.awake.clear();
  }

  private arm(): void {
    this.timer ??= setTimeout(() => this.freeze(), this.afterMs).unref();
  }

  private freeze(): void {
    this.timer = undefined;
    const before = this.now() - this.afterMs!;
    for (const sandbox of this.awake) {
      if (sandbox.idleSince <= before && sandbox.freeze()) this.awake.delete(sandbox);
    }
    if (this.awake.size > 0) this.arm();
  }
}
