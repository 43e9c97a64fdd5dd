/**
 * What a process keeps in memory of functions, forgotten when it changes anywhere.
 *
 * Invariants:
 * 1. A kept value is answered only while the change feed is live; otherwise the rows are read, and only the making is spared.
 * 2. A read that was under way when a change of one of its scopes was noticed is not kept, and nobody who comes later joins it.
 * 3. This process's own writes are noticed before the writer gets its answer.
 */
const MAX_ENTRIES = 10_000;

/** What was read, before it is made into a value. */
export interface Reading<Value> {
  /** Whose changes make the value stale: ids of functions, `accountScope`. Empty: the value is not kept. */
  scopes: readonly string[];
  /** Differs whenever the value would. */
  stamp: string;
  make(): Value | Promise<Value>;
}

/** Scope of what all functions of an account share in a region; sent by a trigger (prisma/migrations, aliases_policies_concurrency). */
export function accountScope(accountId: string, region: string): string {
  return `account ${accountId} ${region}`;
}

interface Entry<Value> {
  scopes: readonly string[];
  stamp: string;
  value: Value;
}

interface Load<Value> {
  answer: Promise<Value>;
  /** Scopes changed since the read began. */
  changed: Set<string> | 'all';
}

export class FunctionCache<Value> {
  private readonly entries = new Map<string, Entry<Value>>();
  private readonly keysOf = new Map<string, Set<string>>();
  private readonly joinable = new Map<string, Load<Value>>();
  private readonly loads = new Set<Load<Value>>();

  constructor(private readonly feed: { isLive(): boolean }) {}

  /** The value from memory, or the read that somebody began. */
  get(key: string): { value: Value } | Promise<Value> | undefined {
    if (!this.feed.isLive()) return undefined;
    return this.entries.get(key) ?? this.joinable.get(key)?.answer;
  }

  load(key: string, read: () => Promise<Reading<Value>>): Promise<Value> {
    const load: Load<Value> = { answer: undefined as never, changed: new Set() };
    this.loads.add(load);
    this.joinable.set(key, load);
    load.answer = this.read(key, load, read).finally(() => {
      this.loads.delete(load);
      if (this.joinable.get(key) === load) this.joinable.delete(key);
    });
    return load.answer;
  }

  /** Something of this scope was written, here or elsewhere. */
  onChange(scope: string): void {
    this.joinable.clear();
    for (const load of this.loads) if (load.changed !== 'all') load.changed.add(scope);
    for (const key of [...(this.keysOf.get(scope) ?? [])]) this.drop(key);
  }

  /** Notices may have been missed. */
  onGap(): void {
    this.joinable.clear();
    for (const load of this.loads) load.changed = 'all';
    this.entries.clear();
    this.keysOf.clear();
  }

  private async read(key: string, load: Load<Value>, read: () => Promise<Reading<Value>>): Promise<Value> {
    const { scopes, stamp, make } = await read();
    const known = this.entries.get(key);
    if (known !== undefined && known.stamp === stamp) return known.value;
    const value = await make();
    const { changed } = load;
    // Without a scope nobody would say when it becomes stale.
    if (scopes.length > 0 && changed !== 'all' && !scopes.some((scope) => changed.has(scope))) this.keep(key, { scopes, stamp, value });
    return value;
  }

  private keep(key: string, entry: Entry<Value>): void {
    this.drop(key);
    if (this.entries.size >= MAX_ENTRIES) this.drop(this.entries.keys().next().value!);
    this.entries.set(key, entry);
    for (const scope of entry.scopes) {
      let keys = this.keysOf.get(scope);
      if (keys === undefined) this.keysOf.set(scope, (keys = new Set()));
      keys.add(key);
    }
  }

  private drop(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    for (const scope of entry.scopes) {
      const keys = this.keysOf.get(scope);
      keys?.delete(key);
      if (keys?.size === 0) this.keysOf.delete(scope);
    }
  }
}
