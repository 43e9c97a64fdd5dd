import type { FunctionSpec } from '../function-spec.js';
import type { Sandbox } from './sandbox.js';

export interface PoolLimits {
  maxSandboxes: number;
  /** Sandboxes being made at a time; their init does not count. */
  maxStarts: number;
  /** Sum of the memory sizes of all sandboxes, in MB. */
  memoryMb: number;
  /** An idle sandbox ends after this time. */
  idleMs: number;
  /** An invocation waits no longer than this for a sandbox. */
  queueMs: number;
}

/** Whether one more sandbox fits. A sandbox that is being destroyed still has its memory. */
export class Capacity {
  constructor(
    private readonly limits: PoolLimits,
    private readonly sandboxes: ReadonlySet<Sandbox>,
  ) {}

  get memoryMb(): number {
    return this.use().memoryMb;
  }

  fits(spec: FunctionSpec): boolean {
    return this.allows(this.use(), spec);
  }

  /** Once the sandboxes that are going are gone. */
  willFit(spec: FunctionSpec): boolean {
    return this.allows(this.use((sandbox) => sandbox.state !== 'draining'), spec);
  }

  /** A sentence why no waiting would help. */
  neverFits(spec: FunctionSpec): string | undefined {
    if (spec.memoryMb <= this.limits.memoryMb) return undefined;
    return `${spec.functionName} needs ${spec.memoryMb} MB; the sandboxes of this worker may have ${this.limits.memoryMb} MB together`;
  }

  private use(counts: (sandbox: Sandbox) => boolean = () => true): { count: number; memoryMb: number } {
    let count = 0;
    let memoryMb = 0;
    for (const sandbox of this.sandboxes) {
      if (!counts(sandbox)) continue;
      count += 1;
      memoryMb += sandbox.spec.memoryMb;
    }
    return { count, memoryMb };
  }

  private allows(use: { count: number; memoryMb: number }, spec: FunctionSpec): boolean {
    return use.count < this.limits.maxSandboxes && use.memoryMb + spec.memoryMb <= this.limits.memoryMb;
  }
}
