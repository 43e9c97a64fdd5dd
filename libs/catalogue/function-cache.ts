/**
 * What a process keeps in memory of functions, forgotten when it changes anywhere.
 *
 * Invariants:
 * 1. A kept value is answered only while the change feed is live; otherwise the rows are read, and only the making is spared.
 * 2. A read that was under way when a change of one of its scopes was noticed is not kept, and nobody who comes later joins it.
 * 3. This process's own writes are noticed before the writer gets its answer.
 * 4. When there are more functions than room, what was asked for since the last time stays.
 *
 * There is an entry for every function that was ever called, so what one takes counts (bench `memory-per-function`): one key a scope is kept as it is,
 * without a set around it, and no string is kept that drags along what it was joined from.
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

class Entry<Value> {
  /** Asked for since room was needed for the last time. */
  used = false;

  constructor(
    readonly value: Value,
    readonly scopes: readonly string[],
    readonly stamp: string,
  ) {}
}

interface Load<Value> {
  answer: Promise<Value>;
  /** Scopes changed since the read began. */
  changed: Set<string> | 'all';
}

export class FunctionCache<Value> {
  private readonly entries = new Map<string, Entry<Value>>();
  /** Of a scope its only key, or all of them. */
  private readonly keysOf = new Map<string, string | Set<string>>();
  private readonly joinable = new Map<string, Load<Value>>();
  private readonly loads = new Set<Load<Value>>();

  constructor(
    private readonly feed: { isLive(): boolean },
    private readonly maxEntries = MAX_ENTRIES,
  ) {}

  /** The value from memory, or the read that somebody began. */
  get(key: string): { value: Value } | Promise<Value> | undefined {
    if (!this.feed.isLive()) return undefined;
    const entry = this.entries.get(key);
    if (entry === undefined) return this.joinable.get(key)?.answer;
    entry.used = true;
    return entry;
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
    const keys = this.keysOf.get(scope);
    if (typeof keys === 'string') this.drop(keys);
    else if (keys !== undefined) for (const key of [...keys]) this.drop(key);
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
    if (scopes.length > 0 && changed !== 'all' && !scopes.some((scope) => changed.has(scope))) this.keep(flat(key), new Entry(value, scopes, stamp));
    return value;
  }

  private keep(key: string, entry: Entry<Value>): void {
    this.drop(key);
    if (this.entries.size >= this.maxEntries) this.makeRoom();
    this.entries.set(key, entry);
    for (const scope of entry.scopes) {
      const keys = this.keysOf.get(scope);
      if (keys === undefined) this.keysOf.set(scope, key);
      else if (typeof keys === 'string') this.keysOf.set(scope, new Set([keys, key]));
      else keys.add(key);
    }
  }

  /** Oldest first; who was asked for gets a second chance. */
  private makeRoom(): void {
    for (const [key, entry] of this.entries) {
      if (!entry.used) return this.drop(key);
      entry.used = false;
      this.entries.delete(key);
      this.entries.set(key, entry);
    }
  }

  private drop(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    for (const scope of entry.scopes) {
      const keys = this.keysOf.get(scope);
      if (typeof keys === 'string') this.keysOf.delete(scope);
      else if (keys?.delete(key) && keys.size === 0) this.keysOf.delete(scope);
    }
  }
}

/** The same characters in one piece: a string that was joined together keeps its parts. */
function flat(text: string): string {
  return Buffer.from(text).toString();
}
