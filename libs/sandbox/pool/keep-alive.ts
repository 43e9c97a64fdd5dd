/** Buckets by the square root of 2: the first holds gaps up to 1 s, the last all over 3 hours. */
const FIRST_EDGE_MS = 1_000;
const BUCKETS = 28;
const PERCENTILE = 0.99;
/** Fewer gaps than these say nothing. */
const ENOUGH = 10;
/** Beyond these, old gaps count half: a rhythm may change. */
const HALVE_AT = 1_000;
/** A sandbox is kept a little longer than its function was ever quiet. */
const MARGIN = 1.1;

export interface KeepAlive {
  /** While a function has no rhythm yet. */
  defaultMs: number;
  minMs: number;
  maxMs: number;
}

/** How long the sandboxes of one function stayed idle between two invocations: a histogram ("Serverless in the Wild", ATC'20). */
export class Rhythm {
  /** Sandboxes of the function that are there or on their way. */
  live = 0;
  /** Epoch ms at which one of them last became idle; undefined: never. */
  idleSince: number | undefined;
  private readonly counts = new Uint32Array(BUCKETS);
  private total = 0;

  /** A sandbox was taken again, or a new one had to be made although nothing else was going on, after so many ms. */
  note(gapMs: number): void {
    this.counts[bucketOf(gapMs)]! += 1;
    this.total += 1;
    if (this.total < HALVE_AT) return;
    this.total = 0;
    for (let index = 0; index < BUCKETS; index++) this.total += this.counts[index] = this.counts[index]! >> 1;
  }

  /**
   * How long an idle sandbox is worth keeping, in ms: as long as 99 of 100 gaps were, within the bounds. Where most gaps are longer than may be
   * waited for, waiting is of no use.
   */
  keepMs({ defaultMs, minMs, maxMs }: KeepAlive): number {
    if (this.total < ENOUGH) return defaultMs;
    if (this.percentile(0.5) > maxMs) return minMs;
    return Math.min(maxMs, Math.max(minMs, this.percentile(PERCENTILE) * MARGIN));
  }

  /** Upper edge of the bucket in which it lies. */
  private percentile(share: number): number {
    const wanted = this.total * share;
    let seen = 0;
    for (let index = 0; index < BUCKETS; index++) {
      seen += this.counts[index]!;
      if (seen >= wanted) return FIRST_EDGE_MS * 2 ** (index / 2);
    }
    return Number.POSITIVE_INFINITY;
  }
}

function bucketOf(gapMs: number): number {
  if (gapMs <= FIRST_EDGE_MS) return 0;
  return Math.min(BUCKETS - 1, Math.ceil(2 * Math.log2(gapMs / FIRST_EDGE_MS)));
}

/** The rhythms of the functions that were called last. */
export class Rhythms {
  private readonly byFunction = new Map<string, Rhythm>();

  constructor(private readonly most = 10_000) {}

  of({
    accountId,
    region,
    functionName,
    version,
  }: {
    accountId: string;
    region: string;
    functionName: string;
    version: string;
  }): Rhythm {
    const key = `${accountId}:${region}:${functionName}:${version}`;
    const rhythm = this.byFunction.get(key) ?? new Rhythm();
    // To the end: the first is the one not asked for longest.
    this.byFunction.delete(key);
    this.byFunction.set(key, rhythm);
    if (this.byFunction.size > this.most) this.byFunction.delete(this.byFunction.keys().next().value!);
    return rhythm;
  }
}
