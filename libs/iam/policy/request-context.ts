/** Condition keys of a request with their values. */
export type ContextValues = Readonly<Record<string, readonly string[]>>;

/** Condition keys that are looked up when a policy asks for them. */
export interface ConditionKeys {
  /** @param key lower case @returns undefined when the request does not have the key, or no value for it */
  values(key: string): readonly string[] | undefined;
}

export function conditionKeys(given: ContextValues | ConditionKeys): ConditionKeys {
  // Names of condition keys have a colon, so `values` is never one.
  return typeof given['values'] === 'function' ? (given as ConditionKeys) : new RequestContext(given as ContextValues);
}

/** Condition keys found without regard to case. Most policies have no condition: the index is made when the first one asks. */
export class RequestContext implements ConditionKeys {
  private index: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(private readonly entries: ContextValues) {}

  values(key: string): readonly string[] | undefined {
    return (this.index ??= indexKeys(this.entries)).get(key);
  }
}

/** By lower-case name; keys without values are left out. */
export function indexKeys(entries: ContextValues): Map<string, readonly string[]> {
  const index = new Map<string, readonly string[]>();
  for (const key in entries) {
    const values = entries[key]!;
    if (values.length > 0) index.set(key.toLowerCase(), values);
  }
  return index;
}
