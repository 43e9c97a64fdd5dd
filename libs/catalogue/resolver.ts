/** Names to runnable versions, from memory when nothing changed (invariants: function-cache.ts). */
import { hash } from 'node:crypto';
import { functionArn } from '@hearth/kernel';
import type { EnvironmentVault } from './environment.js';
import { functionNotFound } from './errors.js';
import { accountScope, FunctionCache, type Reading } from './function-cache.js';
import { LATEST, servedPart, type ImageConfig, type PinnedImage, type VersionRecord } from './function-record.js';
import type { FunctionResolver, InvocableVersion } from './function-version.js';
import type { FoundInvocable, InvocableStore } from './invocable-store.js';
import { isolationOf } from './isolation-tag.js';
import { SharedValues } from './shared-values.js';
import type { FoundVersion } from './store.js';

/** Of a weighted alias. */
interface Choice {
  version: InvocableVersion;
  /** Share of invocations, 0 to 1. */
  weight: number;
}

/** Most names mean one version; an alias may mean two. */
type Choices = InvocableVersion | readonly Choice[];

const NO_VARIABLES: Readonly<Record<string, string>> = Object.freeze({});

export class CachingFunctionResolver implements FunctionResolver {
  readonly #cache: FunctionCache<Choices>;
  readonly #shared = new SharedValues();

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

  #pick(choices: Choices): InvocableVersion {
    if (!isWeighted(choices)) return choices;
    let rest = this.random();
    for (const { version, weight } of choices) {
      if (rest < weight) return version;
      rest -= weight;
    }
    return choices.find(({ weight }) => weight > 0)!.version; // Rounding left a crumb.
  }

  async #read(place: { accountId: string; region: string; name: string }, qualifier: string | undefined): Promise<Reading<Choices>> {
    const found = await this.store.find(place, qualifier ?? LATEST);
    if (found === undefined) throw functionNotFound(functionArn(place.region, place.accountId, place.name, qualifier));
    const { owner, versions, shared } = found;
    const facts = [owner.id, owner.recursiveLoop, isolationOf(owner.tags), shared, ...versions.map(({ record, weight }) => [record.version, record.revisionId, weight])];
    return {
      scopes: [owner.id, this.#shared.text(accountScope(place.accountId, place.region))],
      // All the facts would take more room than the version.
      stamp: hash('sha256', JSON.stringify(facts), 'base64'),
      make: async () => {
        const choices = await Promise.all(versions.map(async ({ record, weight }) => ({ version: await this.#toInvocable({ owner, record }, shared), weight })));
        return choices.length === 1 ? choices[0]!.version : choices;
      },
    };
  }

  async #toInvocable({ owner, record }: FoundVersion, shared: FoundInvocable['shared']): Promise<InvocableVersion> {
    const served = record.serving ?? servedPart(record);
    const { loggingConfig } = served;
    const common = this.#shared;
    return Object.freeze({
      accountId: common.text(owner.accountId),
      region: common.text(owner.region),
      functionId: owner.id,
      functionName: owner.name,
      version: common.text(record.version),
      revisionId: served.servingRevision,
      state: common.text(record.state),
      runtime: common.text(served.runtime),
      handler: common.text(served.handler),
      role: common.text(served.role),
      memoryMb: served.memoryMb,
      timeoutSeconds: served.timeoutSeconds,
      ephemeralStorageMb: served.ephemeralStorageMb,
      architecture: common.text(served.architecture),
      environment: await this.#environmentOf(record, served.sealedEnvironment),
      codeDigest: common.text(served.codeDigest),
      ...(served.image && { image: Object.freeze(toRunnableImage(served.image, served.imageConfig)) }),
      ...(isolationOf(owner.tags) && { isolation: isolationOf(owner.tags) }),
      ...(served.vpcConfig?.networks.length && { networks: common.object(served.vpcConfig.networks) }),
      ...(served.layers.length > 0 && { layers: common.object(served.layers.map(({ digest }) => digest)) }),
      logFormat: common.text(loggingConfig.LogFormat),
      ...(loggingConfig.ApplicationLogLevel && { applicationLogLevel: loggingConfig.ApplicationLogLevel }),
      ...(loggingConfig.SystemLogLevel && { systemLogLevel: loggingConfig.SystemLogLevel }),
      logGroup: loggingConfig.LogGroup,
      recursiveLoop: common.text(owner.recursiveLoop),
      concurrency: common.object({
        ...(owner.reservedConcurrency === null ? {} : { reserved: owner.reservedConcurrency }),
        reservedInAccount: shared.reservedInAccount,
        ...(shared.provisioned === undefined ? {} : { provisioned: Object.freeze(shared.provisioned) }),
      }),
      asynchronous: common.object(shared.asynchronous),
      ...(record.durableConfig && { durable: Object.freeze({ executionTimeoutSeconds: record.durableConfig.ExecutionTimeout, retentionDays: record.durableConfig.RetentionPeriodInDays }) }),
    });
  }

  async #environmentOf(record: VersionRecord, sealed: Buffer | null): Promise<Readonly<Record<string, string>>> {
    return sealed === null ? NO_VARIABLES : Object.freeze(await this.vault.open(record.functionId, sealed));
  }
}

function isWeighted(choices: Choices): choices is readonly Choice[] {
  return Array.isArray(choices);
}

function toRunnableImage({ uri, digest, local }: PinnedImage, config: ImageConfig | null): NonNullable<InvocableVersion['image']> {
  const { EntryPoint, Command, WorkingDirectory } = config ?? {};
  return { uri, digest, local, ...(EntryPoint && { entryPoint: EntryPoint }), ...(Command && { command: Command }), ...(WorkingDirectory && { workingDirectory: WorkingDirectory }) };
}
