/** Execution environments that a function may start at once, and how fast it may start more (spec/concurrency-and-billing.md 1.2). */
export const SCALING_BURST = 1_000;
const REFILL_PER_MS = 1_000 / 10_000;

interface Bucket {
  tokens: number;
  /** Epoch ms. */
  filledAt: number;
}

/**
 * How fast each function may start sandboxes: refilled continuously, nothing saved up beyond the burst. A function that ends its sandbox in every
 * invocation meets it too.
 */
export class ScalingRate {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly burst: number = SCALING_BURST) {}

  /** @returns 0 when one may be started now, and was counted; else how long it will take, in ms */
  take(functionName: string, now: number): number {
    const bucket = this.buckets.get(functionName) ?? { tokens: this.burst, filledAt: now };
    bucket.tokens = Math.min(this.burst, bucket.tokens + (now - bucket.filledAt) * this.perMs);
    bucket.filledAt = now;
    if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / this.perMs);
    bucket.tokens -= 1;
    this.buckets.set(functionName, bucket);
    return 0;
  }

  /** Forgets functions whose burst is whole again. */
  sweep(now: number): void {
    for (const [name, { tokens, filledAt }] of this.buckets) if (tokens + (now - filledAt) * this.perMs >= this.burst) this.buckets.delete(name);
  }

  private get perMs(): number {
    return (REFILL_PER_MS * this.burst) / SCALING_BURST;
  }
}
