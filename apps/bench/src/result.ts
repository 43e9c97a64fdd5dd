/** One line of the table and of the JSON file. */
export interface Result {
  id: string;
  /** Median over the pairs. */
  value: number;
  /** `x` = ratio of Hearth's side to the other one. */
  unit: 'x' | 'ms' | 'MB' | 'KB';
  /** The goal; null where none is set yet. */
  mark: number | null;
  better: 'lower' | 'higher';
  /** The smallest value of all pairs. */
  min: number;
  pairs: number;
  /** Medians of both sides in their own unit, for reading; ratios are what counts. */
  sides?: { hearth: number; baseline: number; unit: string };
}

/** Measures one id. Throws when a side does not answer as it should: a fast wrong answer is no result. */
export interface Measurement {
  id: string;
  run(): Promise<Result>;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('No values to take a median of');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export interface Pair {
  hearth: number;
  baseline: number;
}

/** Takes the pairs alternately, Hearth first in even pairs and second in odd ones, so that a trend of the machine favours nobody. */
export async function alternately(count: number, hearth: (pair: number) => Promise<number>, baseline: (pair: number) => Promise<number>): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let i = 0; i < count; i++) {
    if (i % 2 === 0) {
      const ours = await hearth(i);
      pairs.push({ hearth: ours, baseline: await baseline(i) });
    } else {
      const theirs = await baseline(i);
      pairs.push({ hearth: await hearth(i), baseline: theirs });
    }
  }
  return pairs;
}

export function ratio(id: string, better: Result['better'], mark: number | null, unit: string, pairs: readonly Pair[]): Result {
  const ratios = pairs.map((pair) => pair.hearth / pair.baseline);
  return {
    id,
    value: median(ratios),
    unit: 'x',
    mark,
    better,
    min: Math.min(...ratios),
    pairs: pairs.length,
    sides: { hearth: median(pairs.map((pair) => pair.hearth)), baseline: median(pairs.map((pair) => pair.baseline)), unit },
  };
}

export function meetsMark({ value, mark, better }: Result): boolean | undefined {
  if (mark === null) return undefined;
  return better === 'lower' ? value <= mark : value >= mark;
}
