/** Condition keys of a request with their values. */
export type ContextValues = Readonly<Record<string, readonly string[]>>;

/** Condition keys found without regard to case. Most policies have no condition: the index is made when the first one asks. */
export class RequestContext {
  private index: Map<string, readonly string[]> | undefined;

  constructor(private readonly entries: ContextValues) {}

  /** @param key lower case @returns undefined when the request does not have the key, or no value for it */
  values(key: string): readonly string[] | undefined {
    return (this.index ??= indexed(this.entries)).get(key);
  }
}

function indexed(entries: ContextValues): Map<string, readonly string[]> {
  const index = new Map<string, readonly string[]>();
  for (const key in entries) {
    const values = entries[key]!;
    if (values.length > 0) index.set(key.toLowerCase(), values);
  }
  return index;
}
