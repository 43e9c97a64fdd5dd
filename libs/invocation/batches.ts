export interface BatchOptions<I, O> {
  /** Does all of them at once; answers in the same order. */
  run: (items: I[]) => Promise<O[]>;
  maxItems: number;
  /** Weight of an item, for `maxWeight`. Default 0. */
  weigh?: (item: I) => number;
  maxWeight?: number;
}

interface Waiting<I, O> {
  item: I;
  resolve: (result: O) => void;
  reject: (error: unknown) => void;
}

/** Two statements under way at most: while one waits for the disk, the next fills. */
const MAX_UNDER_WAY = 2;

/**
 * Calls that arrive together share one statement and one commit, so that their rate is not bound by the disk's flushes.
 * Invariants:
 * 1. A call is answered only after its own statement was.
 * 2. One bad item never fails its neighbours: a batch that Postgres refuses for its data is run again item by item.
 */
export class Batches<I, O> {
  #waiting: Waiting<I, O>[] = [];
  #underWay = 0;
  #scheduled = false;

  constructor(private readonly options: BatchOptions<I, O>) {}

  add(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#underWay >= MAX_UNDER_WAY || this.#waiting.length === 0) return;
    this.#scheduled = true;
    // After the calls that arrived in the same turn of the event loop.
    setImmediate(() => {
      this.#scheduled = false;
      const batch = this.#take();
      this.#underWay++;
      void this.#run(batch).finally(() => {
        this.#underWay--;
        this.#schedule();
      });
      this.#schedule();
    });
  }

  #take(): Waiting<I, O>[] {
    const { maxItems, weigh, maxWeight = Infinity } = this.options;
    let weight = 0;
    let count = 0;
    for (const { item } of this.#waiting) {
      weight += weigh?.(item) ?? 0;
      if (count > 0 && (count === maxItems || weight > maxWeight)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Never rejects: each waiting call gets its own answer. */
  async #run(batch: Waiting<I, O>[]): Promise<void> {
    try {
      const results = await this.options.run(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, index) => resolve(results[index] as O));
    } catch (error) {
      if (batch.length > 1 && isDataError(error)) for (const single of batch) await this.#run([single]);
      else for (const { reject } of batch) reject(error);
    }
  }
}

/** SQLSTATE classes 22 (data) and 23 (constraint): an item's fault, not the server's. */
function isDataError(error: unknown): boolean {
  const state = (error as { code?: unknown }).code;
  return typeof state === 'string' && (state.startsWith('22') || state.startsWith('23'));
}
