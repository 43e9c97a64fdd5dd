/**
 * URL ids to function URLs, from memory when nothing changed.
 *
 * Invariants:
 * 1. What is in memory is answered only while changes are heard; otherwise the row is read.
 * 2. A read that was under way when anything changed is not kept.
 * 3. Ids that do not exist are not kept: they cost a look-up by primary key, and no memory.
 */
import type { ChangeListener, FunctionChanges } from '@hearth/catalogue';
import type { FunctionUrl } from './function-url.js';
import type { FunctionUrlStore } from './store.js';

const MAX_ENTRIES = 10_000;

export class UrlDirectory implements ChangeListener {
  private readonly entries = new Map<string, FunctionUrl>();
  private readonly idsOf = new Map<string, Set<string>>();
  private changesSeen = 0;

  constructor(
    private readonly store: Pick<FunctionUrlStore, 'byId'>,
    private readonly changes: Pick<FunctionChanges, 'isLive'>,
  ) {}

  find(urlId: string): FunctionUrl | undefined | Promise<FunctionUrl | undefined> {
    return (this.changes.isLive() ? this.entries.get(urlId) : undefined) ?? this.read(urlId);
  }

  onChange(functionId: string): void {
    this.changesSeen += 1;
    for (const id of this.idsOf.get(functionId) ?? []) this.entries.delete(id);
    this.idsOf.delete(functionId);
  }

  onGap(): void {
    this.changesSeen += 1;
    this.entries.clear();
    this.idsOf.clear();
  }

  private async read(urlId: string): Promise<FunctionUrl | undefined> {
    const before = this.changesSeen;
    const url = await this.store.byId(urlId);
    if (url !== undefined && this.changesSeen === before && this.changes.isLive()) this.keep(url);
    return url;
  }

  private keep(url: FunctionUrl): void {
    if (this.entries.size >= MAX_ENTRIES) this.onGap(); // Rare and cheap: the next calls read again.
    this.entries.set(url.urlId, url);
    const ids = this.idsOf.get(url.functionId) ?? new Set<string>();
    this.idsOf.set(url.functionId, ids.add(url.urlId));
  }
}
