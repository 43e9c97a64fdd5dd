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
  /** And no longer than this for room, in ms: then it is throttled. Default: queueMs. */
  roomMs?: number;
  /** Sandboxes that a function may start at once, and in 10 s; default 1,000. */
  scalingBurst?: number;
}

/**
 * Whether one more sandbox fits. A sandbox that is being destroyed still has its memory. The sum of the sizes is bounded, and a new one must fit into
 * what the machine has left: then no function that uses what it was promised takes memory from others, or from the machine.
 */
export class Capacity {
  constructor(
    private readonly limits: PoolLimits,
    private readonly sandboxes: ReadonlySet<Sandbox>,
    /** MB that the machine has left. */
    private readonly available: () => number | undefined = () => undefined,
  ) {}

  get memoryMb(): number {
    return this.use().memoryMb;
  }

  fits(spec: FunctionSpec): boolean {
    return this.allows(this.use(), spec) && this.hostHas(spec);
  }

  /** Once the sandboxes that are going are gone. */
  willFit(spec: FunctionSpec): boolean {
    const staying = this.use((sandbox) => sandbox.state !== 'draining');
    return this.allows(staying, spec) && (this.hostHas(spec) || staying.count < this.sandboxes.size);
  }

  /** A sentence why no waiting would help. */
  neverFits(spec: FunctionSpec): string | undefined {
    if (spec.memoryMb <= this.limits.memoryMb) return undefined;
    return `${spec.functionName} needs ${spec.memoryMb} MB; the sandboxes of this worker may have ${this.limits.memoryMb} MB together`;
  }

  private hostHas(spec: FunctionSpec): boolean {
    const available = this.available();
    return available === undefined || available >= spec.memoryMb;
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
