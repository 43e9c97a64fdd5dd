/** Rows of the catalogue as the rest of the library sees them. */

export type Architecture = 'x86_64' | 'arm64';

export interface LoggingConfig {
  LogFormat: 'Text' | 'JSON';
  ApplicationLogLevel?: string;
  SystemLogLevel?: string;
  LogGroup: string;
}

/** Makes a function durable; set when it is created or never. */
export interface DurableConfig {
  /** Seconds that one execution may take, waits included. */
  ExecutionTimeout: number;
  /** Days for which an execution is kept after its end. */
  RetentionPeriodInDays: number;
}

/** What takes the place of what a container image says itself. */
export interface ImageConfig {
  EntryPoint?: string[];
  Command?: string[];
  WorkingDirectory?: string;
}

/** A container image that stays the same whatever becomes of its tag. */
export interface PinnedImage {
  /** As its user named it. */
  uri: string;
  /** Hex SHA-256: of the manifest in the registry, or (local) the image's id. */
  digest: string;
  /** It is in no registry: only hosts that have it can run it. */
  local: boolean;
}

/** What a caller configures, validated and complete. */
export interface FunctionSettings {
  /** Empty for container images, as is the handler. */
  runtime: string;
  handler: string;
  role: string;
  description: string;
  timeoutSeconds: number;
  memoryMb: number;
  ephemeralStorageMb: number;
  architecture: Architecture;
  loggingConfig: LoggingConfig;
  tracingMode: 'Active' | 'PassThrough';
  /** In the order of the configuration: later ones win. */
  layers: UsedLayer[];
  /** As given; null: the platform's own key seals the variables. */
  kmsKeyArn: string | null;
  /** null: the function is not durable. */
  durableConfig: DurableConfig | null;
  /** null: an archive, or an image that runs as it is. */
  imageConfig: ImageConfig | null;
  /** null: the function never had one. */
  vpcConfig: VpcSettings | null;
}

/** VpcConfig as the API shows it, and the Docker networks it means (networks/). */
export interface VpcSettings {
  SubnetIds: string[];
  SecurityGroupIds: string[];
  /** Empty when it was taken away. */
  VpcId: string;
  networks: string[];
}

/** A layer version as a function holds it; it stays when the layer version is deleted. */
export interface UsedLayer {
  arn: string;
  /** Hex SHA-256 of its archive. */
  digest: string;
  /** Bytes of the archive. */
  codeSize: number;
  /** Bytes of its files: counts in the function's limit. */
  unzippedSize: number;
}

export interface FunctionCode {
  /** Hex SHA-256 of the archive, or digest of the image. */
  codeDigest: string;
  /** Base64 of the same; of an image hex. */
  codeSha256: string;
  /** Bytes of the archive; 0 for an image. */
  codeSize: number;
  /** null: the function is made of an archive. */
  image: PinnedImage | null;
}

/** What an invocation needs of a version. A copy of it is kept while an update is being applied (docs/decisions/0003). */
export interface ServedVersion {
  runtime: string;
  handler: string;
  role: string;
  timeoutSeconds: number;
  memoryMb: number;
  ephemeralStorageMb: number;
  architecture: Architecture;
  loggingConfig: LoggingConfig;
  codeDigest: string;
  image: PinnedImage | null;
  imageConfig: ImageConfig | null;
  sealedEnvironment: Buffer | null;
  servingRevision: string;
  layers: UsedLayer[];
  /** Absent in copies from before there were networks. */
  vpcConfig?: VpcSettings | null;
}

export type FunctionState = 'Pending' | 'Active' | 'Inactive' | 'Failed';
export type UpdateStatus = 'InProgress' | 'Successful' | 'Failed';

export interface VersionState {
  state: FunctionState;
  stateReason: string | null;
  stateReasonCode: string | null;
  lastUpdateStatus: UpdateStatus | null;
  lastUpdateReason: string | null;
  lastUpdateReasonCode: string | null;
}

export interface VersionRecord extends FunctionSettings, FunctionCode, VersionState {
  functionId: string;
  /** `$LATEST` or digits. */
  version: string;
  /** 0 for `$LATEST`. */
  versionNumber: number;
  /** null when never set. */
  sealedEnvironment: Buffer | null;
  /** Changes with the variables, not with their sealed form; null when never set. */
  environmentId: string | null;
  configSha256: string;
  revisionId: string;
  lastModified: Date;
  /** What invocations run instead of this row; null when they run this row. */
  serving: ServedVersion | null;
  servingRevision: string;
}

/** Whether Lambda stops a function that invokes itself over and over (spec/invoke.md 4.3). */
export type RecursiveLoop = 'Terminate' | 'Allow';

export interface FunctionRecord {
  id: string;
  accountId: string;
  region: string;
  name: string;
  /** Number of the next published version. */
  nextVersion: number;
  tags: Record<string, string>;
  recursiveLoop: RecursiveLoop;
  /** null: the function shares what the account has not reserved. */
  reservedConcurrency: number | null;
}

export const LATEST = '$LATEST';

export function servedPart(record: VersionRecord): ServedVersion {
  const { runtime, handler, role, timeoutSeconds, memoryMb, ephemeralStorageMb, architecture, loggingConfig, codeDigest, image, imageConfig, sealedEnvironment, servingRevision, layers, vpcConfig } = record;
  return { runtime, handler, role, timeoutSeconds, memoryMb, ephemeralStorageMb, architecture, loggingConfig, codeDigest, image, imageConfig, sealedEnvironment, servingRevision, layers, vpcConfig };
}

export function packageTypeOf({ image }: Pick<VersionRecord, 'image'>): 'Zip' | 'Image' {
  return image === null ? 'Zip' : 'Image';
}
