const MAX_VALUES = 10_000;

/**
 * One copy of what many functions have in common: rows come from Postgres with strings of their own, and thousands of functions have the same
 * runtime, role and settings.
 */
export class SharedValues {
  private readonly texts = new Map<string, string>();
  private readonly objects = new Map<string, object>();

  text<Text extends string>(value: Text): Text {
    return kept(this.texts, value, () => value) as Text;
  }

  /** @param value plain data, few members; the copy is frozen */
  object<Value extends object>(value: Value): Value {
    return kept(this.objects, JSON.stringify(value), () => Object.freeze(value)) as Value;
  }
}

/** A full map is begun anew: what is handed out stays as it is, only no longer shared with what comes. */
function kept<Value>(values: Map<string, Value>, key: string, make: () => Value): Value {
  const known = values.get(key);
  if (known !== undefined) return known;
  if (values.size >= MAX_VALUES) values.clear();
  const value = make();
  values.set(key, value);
  return value;
}
