import type { ObjectSource, PackageStore } from '@hearth/artifacts';
import type { OperationHandler } from '@hearth/aws-wire';
import type { Database } from '@hearth/database';
import type { ParsedPolicy, SecretSealer } from '@hearth/iam';
import { systemClock, type Clock } from '@hearth/kernel';
import { addLayerVersionPermission } from './api/add-layer-version-permission.js';
import { addPermission } from './api/add-permission.js';
import { createAlias } from './api/create-alias.js';
import { createFunction } from './api/create-function.js';
import { deleteAlias } from './api/delete-alias.js';
import { deleteFunctionConcurrency } from './api/delete-function-concurrency.js';
import { deleteFunctionEventInvokeConfig } from './api/delete-function-event-invoke-config.js';
import { deleteFunction } from './api/delete-function.js';
import { deleteLayerVersion } from './api/delete-layer-version.js';
import { deleteProvisionedConcurrencyConfig } from './api/delete-provisioned-concurrency-config.js';
import { deleteResourcePolicy } from './api/delete-resource-policy.js';
import { getAccountSettings } from './api/get-account-settings.js';
import { getAlias } from './api/get-alias.js';
import { getFunctionConcurrency } from './api/get-function-concurrency.js';
import { getFunctionConfiguration } from './api/get-function-configuration.js';
import { getFunctionEventInvokeConfig } from './api/get-function-event-invoke-config.js';
import { getFunction } from './api/get-function.js';
import { getFunctionRecursionConfig } from './api/get-function-recursion-config.js';
import { getRuntimeManagementConfig } from './api/get-runtime-management-config.js';
import { getLayerVersionByArn } from './api/get-layer-version-by-arn.js';
import { getLayerVersionPolicy } from './api/get-layer-version-policy.js';
import { getLayerVersion } from './api/get-layer-version.js';
import { getPolicy } from './api/get-policy.js';
import { getProvisionedConcurrencyConfig } from './api/get-provisioned-concurrency-config.js';
import { getResourcePolicy } from './api/get-resource-policy.js';
import { listAliases } from './api/list-aliases.js';
import { listFunctionEventInvokeConfigs } from './api/list-function-event-invoke-configs.js';
import { listFunctions } from './api/list-functions.js';
import { listLayerVersions } from './api/list-layer-versions.js';
import { listLayers } from './api/list-layers.js';
import { listProvisionedConcurrencyConfigs } from './api/list-provisioned-concurrency-configs.js';
import { listTags } from './api/list-tags.js';
import { listVersionsByFunction } from './api/list-versions-by-function.js';
import { publishLayerVersion } from './api/publish-layer-version.js';
import { publishVersion } from './api/publish-version.js';
import { putFunctionConcurrency } from './api/put-function-concurrency.js';
import { putFunctionEventInvokeConfig } from './api/put-function-event-invoke-config.js';
import { putProvisionedConcurrencyConfig } from './api/put-provisioned-concurrency-config.js';
import { putResourcePolicy } from './api/put-resource-policy.js';
import { removeLayerVersionPermission } from './api/remove-layer-version-permission.js';
import { removePermission } from './api/remove-permission.js';
import { putFunctionRecursionConfig } from './api/put-function-recursion-config.js';
import { putRuntimeManagementConfig } from './api/put-runtime-management-config.js';
import { tagResource } from './api/tag-resource.js';
import { untagResource } from './api/untag-resource.js';
import { updateAlias } from './api/update-alias.js';
import { updateFunctionCode } from './api/update-function-code.js';
import { updateFunctionConfiguration } from './api/update-function-configuration.js';
import { updateFunctionEventInvokeConfig } from './api/update-function-event-invoke-config.js';
import { ACCOUNT_CONCURRENCY_LIMIT, TOTAL_CODE_BYTES } from './account-limits.js';
import { ChangeFeed, type ChangeListener } from './change-feed.js';
import { codeSigningOperations } from './code-signing/code-signing-operations.js';
import { CodeSigningStore } from './code-signing/code-signing-store.js';
import type { UnsignedWarning } from './code-signing/deployment-check.js';
import { EnvironmentVault } from './environment.js';
import type { Architecture } from './function-record.js';
import { FunctionPolicies } from './function-policies.js';
import type { FunctionResolver } from './function-version.js';
import { Housekeeping } from './housekeeping.js';
import type { ImageSource } from './image-source.js';
import { InvocableStore } from './invocable-store.js';
import { invalidParameter } from './errors.js';
import { isLayerArn, layerPolicy } from './layer-access.js';
import { LayerStore } from './layer-store.js';
import { listNetworks } from './networks/network-store.js';
import type { CatalogueParts, CodeLink } from './parts.js';
import { Preparations, type Prepare } from './preparations.js';
import { ProvisionedConfigs } from './provisioned/provisioned-configs.js';
import { CachingFunctionResolver } from './resolver.js';
import { CatalogueStore } from './store.js';

/**
 * A package stays this long after its last user went: a sandbox of an older revision may run for 15 minutes more and read
 * its code until the end.
 */
const PACKAGE_GRACE_MS = 20 * 60_000;
const HOUSEKEEPING_MS = 10_000;

const NO_IMAGES: ImageSource = {
  locate: () => Promise.reject(invalidParameter('PackageType Image is not supported by this deployment.')),
  fetch: () => Promise.reject(invalidParameter('PackageType Image is not supported by this deployment.')),
};

export interface CatalogueOptions {
  database: Database;
  packages: PackageStore;
  /** Where code is that a caller names by bucket and key. */
  objects: ObjectSource;
  /** Absent: functions cannot be container images. */
  images?: ImageSource;
  /** The process's Keyring. */
  secrets: SecretSealer;
  /** Runtime names this deployment can run, read at each use. */
  knownRuntimes: () => readonly string[];
  codeLink: CodeLink;
  /** Architectures of the deployment's workers; default x86_64. */
  architectures?: readonly Architecture[];
  /** Default: makes sure that the package is unpacked here, or the image where functions run. */
  prepare?: Prepare;
  /** Resolves when functions of the runtime can be run. @throws PreparationFailure when they cannot */
  runtimeReady?: (runtime: string, signal: AbortSignal) => Promise<void>;
  /** Concurrent executions of an account; default 1,000. */
  accountConcurrency?: number;
  /** All archives of an account together; default 75 GB. */
  codeStorageBytes?: number;
  clock?: Clock;
  /** In [0, 1): decides between the versions of an alias. */
  random?: () => number;
  /** Failures that no caller sees: background steps, the change listener. */
  onError?: (error: unknown, doing: string) => void;
  /** Unsigned code was deployed under a code signing configuration that warns. */
  onUnsignedCode?: UnsignedWarning;
  packageGraceMs?: number;
  housekeepingMs?: number;
}

export interface Catalogue {
  /** By operation name of the service model. */
  operations: Record<string, OperationHandler>;
  resolver: FunctionResolver;
  /** Orders of provisioned concurrency, for who fulfils them. */
  provisioned: ProvisionedConfigs;
  /** For who keeps something about functions in memory. */
  changes: FunctionChanges;
  /**
   * Resource policy of exactly this function, version or alias, for the guard: at once when it is in memory. The same object as
   * long as the policy is the same.
   */
  functionPolicy(arn: string): ParsedPolicy | undefined | Promise<ParsedPolicy | undefined>;
  /** The same for any resource of Lambda that can have a policy: those of layer versions are read each time. */
  resourcePolicy(arn: string): ParsedPolicy | undefined | Promise<ParsedPolicy | undefined>;
  /** At start: takes up creates and updates that an earlier process left unfinished. Resolves when all were tried. */
  resumePending(): Promise<void>;
  /** Removes packages whose grace period is over; also done at intervals. */
  sweepPackages(): Promise<number>;
  close(): Promise<void>;
}

export interface FunctionChanges {
  /** Whether every change is heard; while not, memory must not be trusted. */
  isLive(): boolean;
  /** Told of changes by anybody, and of this process's own before their caller gets the answer. */
  subscribe(listener: ChangeListener): void;
}

export function createCatalogue(options: CatalogueOptions): Catalogue {
  const { database, packages } = options;
  const onError = options.onError ?? ((error, doing) => console.error(`Failed while ${doing}:`, error));
  const vault = new EnvironmentVault(options.secrets);
  const listeners: ChangeListener[] = [];
  const onChange = (scope: string): void => listeners.forEach((each) => each.onChange(scope));
  const onGap = (): void => listeners.forEach((each) => each.onGap());
  const store = new CatalogueStore(database, onChange);
  const feed = new ChangeFeed(database, { onChange, onGap }, (error) => onError(error, 'listening for changes of functions'));
  const resolver = new CachingFunctionResolver(new InvocableStore(database), vault, feed, options.random);
  const policies = new FunctionPolicies(store, feed);
  listeners.push(resolver, policies);
  const images = options.images ?? NO_IMAGES;
  const prepare: Prepare =
    options.prepare ??
    (async ({ codeDigest, image, architecture, runtime }, signal) => {
      if (image !== null) return images.fetch(image, architecture);
      await packages.directory(codeDigest);
      await options.runtimeReady?.(runtime, signal);
    });
  const preparations = new Preparations(store, prepare, onError);
  const housekeeping = new Housekeeping(
    { store, packages, preparations },
    { intervalMs: options.housekeepingMs ?? HOUSEKEEPING_MS, packageGraceMs: options.packageGraceMs ?? PACKAGE_GRACE_MS },
    onError,
  );
  const parts: CatalogueParts = {
    store,
    layers: new LayerStore(database),
    packages,
    objects: options.objects,
    images,
    codeSigning: new CodeSigningStore(database),
    networks: (accountId) => listNetworks(database.pool, accountId),
    onUnsignedCode: options.onUnsignedCode ?? ((facts) => console.warn('Unsigned code was deployed:', facts)),
    vault,
    preparations,
    limits: { knownRuntimes: options.knownRuntimes, architectures: options.architectures ?? ['x86_64'] },
    clock: options.clock ?? systemClock,
    codeLink: options.codeLink,
    accountConcurrency: options.accountConcurrency ?? ACCOUNT_CONCURRENCY_LIMIT,
    codeStorageBytes: options.codeStorageBytes ?? TOTAL_CODE_BYTES,
  };
  feed.start();
  housekeeping.start();
  return {
    operations: operationsOf(parts),
    resolver,
    provisioned: new ProvisionedConfigs(database, onChange),
    changes: { isLive: () => feed.isLive(), subscribe: (listener) => void listeners.push(listener) },
    functionPolicy: (arn) => policies.find(arn),
    resourcePolicy: (arn) => (isLayerArn(arn) ? layerPolicy(parts.layers, arn) : policies.find(arn)),
    resumePending: () => preparations.resume(),
    sweepPackages: () => housekeeping.sweepPackages(),
    async close() {
      await housekeeping.stop();
      await preparations.stop();
      await feed.stop();
    },
  };
}

function operationsOf(parts: CatalogueParts): Record<string, OperationHandler> {
  return {
    CreateFunction: createFunction(parts),
    GetFunction: getFunction(parts),
    GetFunctionConfiguration: getFunctionConfiguration(parts),
    ListFunctions: listFunctions(parts),
    UpdateFunctionCode: updateFunctionCode(parts),
    UpdateFunctionConfiguration: updateFunctionConfiguration(parts),
    DeleteFunction: deleteFunction(parts),
    PublishVersion: publishVersion(parts),
    ListVersionsByFunction: listVersionsByFunction(parts),
    ListTags: listTags(parts),
    TagResource: tagResource(parts),
    UntagResource: untagResource(parts),
    CreateAlias: createAlias(parts),
    GetAlias: getAlias(parts),
    ListAliases: listAliases(parts),
    UpdateAlias: updateAlias(parts),
    DeleteAlias: deleteAlias(parts),
    AddPermission: addPermission(parts),
    GetPolicy: getPolicy(parts),
    RemovePermission: removePermission(parts),
    PutResourcePolicy: putResourcePolicy(parts),
    GetResourcePolicy: getResourcePolicy(parts),
    DeleteResourcePolicy: deleteResourcePolicy(parts),
    PutFunctionConcurrency: putFunctionConcurrency(parts),
    GetFunctionConcurrency: getFunctionConcurrency(parts),
    DeleteFunctionConcurrency: deleteFunctionConcurrency(parts),
    PutProvisionedConcurrencyConfig: putProvisionedConcurrencyConfig(parts),
    GetProvisionedConcurrencyConfig: getProvisionedConcurrencyConfig(parts),
    ListProvisionedConcurrencyConfigs: listProvisionedConcurrencyConfigs(parts),
    DeleteProvisionedConcurrencyConfig: deleteProvisionedConcurrencyConfig(parts),
    GetAccountSettings: getAccountSettings(parts),
    PutFunctionEventInvokeConfig: putFunctionEventInvokeConfig(parts),
    UpdateFunctionEventInvokeConfig: updateFunctionEventInvokeConfig(parts),
    GetFunctionEventInvokeConfig: getFunctionEventInvokeConfig(parts),
    DeleteFunctionEventInvokeConfig: deleteFunctionEventInvokeConfig(parts),
    ListFunctionEventInvokeConfigs: listFunctionEventInvokeConfigs(parts),
    PublishLayerVersion: publishLayerVersion(parts),
    GetLayerVersion: getLayerVersion(parts),
    GetLayerVersionByArn: getLayerVersionByArn(parts),
    ListLayers: listLayers(parts),
    ListLayerVersions: listLayerVersions(parts),
    DeleteLayerVersion: deleteLayerVersion(parts),
    AddLayerVersionPermission: addLayerVersionPermission(parts),
    GetLayerVersionPolicy: getLayerVersionPolicy(parts),
    RemoveLayerVersionPermission: removeLayerVersionPermission(parts),
    PutRuntimeManagementConfig: putRuntimeManagementConfig(parts),
    GetRuntimeManagementConfig: getRuntimeManagementConfig(parts),
    PutFunctionRecursionConfig: putFunctionRecursionConfig(parts),
    GetFunctionRecursionConfig: getFunctionRecursionConfig(parts),
    ...codeSigningOperations(parts),
  };
}
