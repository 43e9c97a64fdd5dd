/** Names to runnable versions, from memory when nothing changed (invariants: function-cache.ts). */
import { functionArn } from '@hearth/kernel';
import type { EnvironmentVault } from './environment.js';
import { functionNotFound } from './errors.js';
import { accountScope, FunctionCache, type Reading } from './function-cache.js';
import { LATEST, servedPart, type VersionRecord } from './function-record.js';
import type { FunctionResolver, InvocableVersion } from './function-version.js';
import type { FoundInvocable, InvocableStore } from './invocable-store.js';
import { isolationOf } from './isolation-tag.js';
import type { FoundVersion } from './store.js';

/** One version, or the two of a weighted alias. */
interface Choice {
  version: InvocableVersion;
  /** Share of invocations, 0 to 1. */
  weight: number;
}

export class CachingFunctionResolver implements FunctionResolver {
  readonly #cache: FunctionCache<readonly Choice[]>;

  constructor(
    private readonly store: Pick<InvocableStore, 'find'>,
    private readonly vault: EnvironmentVault,
    feed: { isLive(): boolean },
    /** In [0, 1): decides between the versions of an alias. */
    private readonly random: () => number = Math.random,
  ) {
    this.#cache = new FunctionCache(feed);
  }

  resolve(accountId: string, region: string, functionName: string, qualifier?: string): InvocableVersion | Promise<InvocableVersion> {
    const key = `${accountId} ${region} ${functionName} ${qualifier ?? LATEST}`;
    const known = this.#cache.get(key);
    if (known === undefined) return this.#cache.load(key, () => this.#read({ accountId, region, name: functionName }, qualifier)).then((choices) => this.#pick(choices));
    return known instanceof Promise ? known.then((choices) => this.#pick(choices)) : this.#pick(known.value);
  }

  onChange(scope: string): void {
    this.#cache.onChange(scope);
  }

  onGap(): void {
    this.#cache.onGap();
  }

  #pick(choices: readonly Choice[]): InvocableVersion {
    if (choices.length === 1) return choices[0]!.version;
    let rest = this.random();
    for (const { version, weight } of choices) {
      if (rest < weight) return version;
      rest -= weight;
    }
    return choices.find(({ weight }) => weight > 0)!.version; // Rounding left a crumb.
  }

  async #read(place: { accountId: string; region: string; name: string }, qualifier: string | undefined): Promise<Reading<readonly Choice[]>> {
    const found = await this.store.find(place, qualifier ?? LATEST);
    if (found === undefined) throw functionNotFound(functionArn(place.region, place.accountId, place.name, qualifier));
    const { owner, versions, shared } = found;
    return {
      scopes: [owner.id, accountScope(place.accountId, place.region)],
      stamp: JSON.stringify([owner.id, owner.recursiveLoop, isolationOf(owner.tags), shared, ...versions.map(({ record, weight }) => [record.version, record.revisionId, weight])]),
      make: () => Promise.all(versions.map(async ({ record, weight }) => ({ version: await this.#toInvocable({ owner, record }, shared), weight }))),
    };
  }

  async #toInvocable({ owner, record }: FoundVersion, shared: FoundInvocable['shared']): Promise<InvocableVersion> {
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
      environment: await this.#environmentOf(record, served.sealedEnvironment),
      codeDigest: served.codeDigest,
      ...(isolationOf(owner.tags) && { isolation: isolationOf(owner.tags) }),
      ...(served.vpcConfig?.networks.length && { networks: Object.freeze(served.vpcConfig.networks) }),
      ...(served.layers.length > 0 && { layers: Object.freeze(served.layers.map(({ digest }) => digest)) }),
      logFormat: loggingConfig.LogFormat,
      ...(loggingConfig.ApplicationLogLevel && { applicationLogLevel: loggingConfig.ApplicationLogLevel }),
      ...(loggingConfig.SystemLogLevel && { systemLogLevel: loggingConfig.SystemLogLevel }),
      logGroup: loggingConfig.LogGroup,
      recursiveLoop: owner.recursiveLoop,
      concurrency: Object.freeze({
        ...(owner.reservedConcurrency === null ? {} : { reserved: owner.reservedConcurrency }),
        reservedInAccount: shared.reservedInAccount,
        ...(shared.provisioned === undefined ? {} : { provisioned: Object.freeze(shared.provisioned) }),
      }),
      asynchronous: Object.freeze(shared.asynchronous),
      ...(record.durableConfig && { durable: Object.freeze({ executionTimeoutSeconds: record.durableConfig.ExecutionTimeout, retentionDays: record.durableConfig.RetentionPeriodInDays }) }),
    });
  }

  async #environmentOf(record: VersionRecord, sealed: Buffer | null): Promise<Readonly<Record<string, string>>> {
    return Object.freeze(sealed === null ? {} : await this.vault.open(record.functionId, sealed));
  }
}
