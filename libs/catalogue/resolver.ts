/**
 * Names to runnable versions, from memory when nothing changed.
 *
 * Invariants:
 * 1. A cached version is answered only while the change feed is live; otherwise the row is read, and only the decryption is spared.
 * 2. A read that was under way when a change of its function was noticed is not cached, and nobody who comes later joins it.
 * 3. This process's own writes are noticed before the writer gets its answer.
 */
import { functionArn } from '@hearth/kernel';
import type { EnvironmentVault } from './environment.js';
import { functionNotFound } from './errors.js';
import { LATEST, servedPart, type VersionRecord } from './function-record.js';
import type { FunctionResolver, InvocableVersion } from './function-version.js';
import type { CatalogueStore, FoundVersion } from './store.js';

const MAX_ENTRIES = 10_000;

interface Entry {
  functionId: string;
  /** Changes whenever the row does. */
  revisionId: string;
  version: InvocableVersion;
}

interface Load {
  answer: Promise<InvocableVersion>;
  /** Functions changed since the read began. */
  changed: Set<string> | 'all';
}

export class CachingFunctionResolver implements FunctionResolver {
  private readonly entries = new Map<string, Entry>();
  private readonly keysOf = new Map<string, Set<string>>();
  private readonly joinable = new Map<string, Load>();
  private readonly loads = new Set<Load>();

  constructor(
    private readonly store: Pick<CatalogueStore, 'find'>,
    private readonly vault: EnvironmentVault,
    private readonly feed: { isLive(): boolean },
  ) {}

  resolve(accountId: string, region: string, functionName: string, qualifier?: string): InvocableVersion | Promise<InvocableVersion> {
    const key = `${accountId} ${region} ${functionName} ${qualifier ?? LATEST}`;
    if (this.feed.isLive()) {
      const hit = this.entries.get(key);
      if (hit !== undefined) return hit.version;
      const load = this.joinable.get(key);
      if (load !== undefined) return load.answer;
    }
    return this.load(key, { accountId, region, name: functionName }, qualifier);
  }

  /** A function was written, here or elsewhere. */
  onChange(functionId: string): void {
    this.joinable.clear();
    for (const load of this.loads) if (load.changed !== 'all') load.changed.add(functionId);
    for (const key of this.keysOf.get(functionId) ?? []) this.entries.delete(key);
    this.keysOf.delete(functionId);
  }

  /** Notices may have been missed. */
  onGap(): void {
    this.joinable.clear();
    for (const load of this.loads) load.changed = 'all';
    this.entries.clear();
    this.keysOf.clear();
  }

  private load(key: string, place: { accountId: string; region: string; name: string }, qualifier: string | undefined): Promise<InvocableVersion> {
    const load: Load = { answer: undefined as never, changed: new Set() };
    this.loads.add(load);
    this.joinable.set(key, load);
    load.answer = this.read(key, load, place, qualifier).finally(() => {
      this.loads.delete(load);
      if (this.joinable.get(key) === load) this.joinable.delete(key);
    });
    return load.answer;
  }

  private async read(key: string, load: Load, place: { accountId: string; region: string; name: string }, qualifier: string | undefined): Promise<InvocableVersion> {
    const found = await this.store.find(place, qualifier ?? LATEST);
    if (found === undefined) throw functionNotFound(functionArn(place.region, place.accountId, place.name, qualifier));
    const known = this.entries.get(key);
    const { id: functionId } = found.owner;
    if (known !== undefined && known.functionId === functionId && known.revisionId === found.record.revisionId && known.version.recursiveLoop === found.owner.recursiveLoop) return known.version;
    const version = this.toInvocable(found);
    if (load.changed !== 'all' && !load.changed.has(functionId)) this.keep(key, { functionId, revisionId: found.record.revisionId, version });
    return version;
  }

  private keep(key: string, entry: Entry): void {
    this.drop(key);
    if (this.entries.size >= MAX_ENTRIES) this.drop(this.entries.keys().next().value!);
    this.entries.set(key, entry);
    let keys = this.keysOf.get(entry.functionId);
    if (keys === undefined) this.keysOf.set(entry.functionId, (keys = new Set()));
    keys.add(key);
  }

  private drop(key: string): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    const keys = this.keysOf.get(entry.functionId);
    keys?.delete(key);
    if (keys?.size === 0) this.keysOf.delete(entry.functionId);
  }

  private toInvocable({ owner, record }: FoundVersion): InvocableVersion {
    const served = record.serving ?? servedPart(record);
    const { loggingConfig } = served;
    return Object.freeze({
      accountId: owner.accountId,
      region: owner.region,
      functionId: owner.id,
      functionName: owner.name,
      version: record.version,
      revisionId: served.servingRevision,
      state: record.state,
      runtime: served.runtime,
      handler: served.handler,
      role: served.role,
      memoryMb: served.memoryMb,
      timeoutSeconds: served.timeoutSeconds,
      ephemeralStorageMb: served.ephemeralStorageMb,
      architecture: served.architecture,
      environment: this.environmentOf(record, served.sealedEnvironment),
      codeDigest: served.codeDigest,
      logFormat: loggingConfig.LogFormat,
      ...(loggingConfig.ApplicationLogLevel && { applicationLogLevel: loggingConfig.ApplicationLogLevel }),
      ...(loggingConfig.SystemLogLevel && { systemLogLevel: loggingConfig.SystemLogLevel }),
      logGroup: loggingConfig.LogGroup,
      recursiveLoop: owner.recursiveLoop,
    });
  }

  private environmentOf(record: VersionRecord, sealed: Buffer | null): Readonly<Record<string, string>> {
    return Object.freeze(sealed === null ? {} : this.vault.open(record.functionId, sealed));
  }
}
