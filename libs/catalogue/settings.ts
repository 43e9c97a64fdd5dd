import type { Architecture, DurableConfig, FunctionSettings, LoggingConfig } from './function-record.js';
import { constraintText, invalidParameter, validationError } from './errors.js';
import { assertPackaging, imageConfigOf } from './image-config.js';
import { validateRuntime } from './runtime-names.js';
import { refuseUnsupportedMembers } from './unsupported-members.js';

/** What this deployment can run. */
export interface DeploymentLimits {
  /** Runtime names of the deployment's catalogue, read at each use. */
  knownRuntimes: () => readonly string[];
  /** Architectures for which there are workers. */
  architectures: readonly Architecture[];
}

const DEFAULTS = { timeoutSeconds: 3, memoryMb: 128, ephemeralStorageMb: 512, description: '' } as const;
/** Of executions of durable functions (spec/lambda-api.md 3). */
const DEFAULT_RETENTION_DAYS = 14;
/** Upper ends for functions that are not on managed instances (spec/lambda-api.md 3); the wire checks the wider model. */
const MAX_TIMEOUT_SECONDS = 900;
const MAX_MEMORY_MB = 10_240;
const MAX_EPHEMERAL_STORAGE_MB = 10_240;
const MAX_HANDLER_LENGTH = 128;
const MAX_DESCRIPTION_LENGTH = 256;
const ROLE_PATTERN = String.raw`arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`;
const ROLE = new RegExp(`^${ROLE_PATTERN}$`);

/**
 * Settings of a new function: the caller's, else Lambda's defaults.
 * @throws ServiceError for a member that is missing, out of range or not supported
 */
export function settingsOfCreate(input: Record<string, any>, name: string, limits: DeploymentLimits): FunctionSettings {
  refuseUnsupportedMembers(input);
  const packageType = input['PackageType'] === 'Image' ? 'Image' : 'Zip'; // The wire lets nothing else pass.
  assertPackaging(packageType, input);
  if (packageType === 'Zip' && (!input['Runtime'] || !input['Handler'])) throw invalidParameter('Runtime and Handler are mandatory parameters for functions created with deployment packages.');
  const settings: FunctionSettings = {
    runtime: input['Runtime'] || '',
    handler: input['Handler'] || '',
    role: input['Role'],
    description: input['Description'] ?? DEFAULTS.description,
    timeoutSeconds: input['Timeout'] ?? DEFAULTS.timeoutSeconds,
    memoryMb: input['MemorySize'] ?? DEFAULTS.memoryMb,
    ephemeralStorageMb: input['EphemeralStorage']?.Size ?? DEFAULTS.ephemeralStorageMb,
    architecture: input['Architectures']?.[0] ?? 'x86_64',
    loggingConfig: loggingConfigOf(input['LoggingConfig'], name),
    tracingMode: input['TracingConfig']?.Mode ?? 'PassThrough',
    layers: [],
    kmsKeyArn: input['KMSKeyArn'] || null,
    durableConfig: input['DurableConfig'] ? durableConfigOf(input['DurableConfig'], undefined) : null,
    vpcConfig: null,
    imageConfig: imageConfigOf(input['ImageConfig']),
  };
  return validated(settings, limits, packageType === 'Zip');
}

/** The same after UpdateFunctionConfiguration: absent members keep their value, objects are replaced as a whole. */
export function settingsOfUpdate(current: FunctionSettings, input: Record<string, any>, name: string, limits: DeploymentLimits): FunctionSettings {
  refuseUnsupportedMembers(input);
  const packageType = current.runtime === '' ? 'Image' : 'Zip';
  assertPackaging(packageType, input);
  if (input['DurableConfig'] && current.durableConfig === null) throw invalidParameter('DurableConfig can be set only when the function is created.');
  return validated(
    {
      runtime: input['Runtime'] ?? current.runtime,
      handler: input['Handler'] ?? current.handler,
      role: input['Role'] ?? current.role,
      description: input['Description'] ?? current.description,
      timeoutSeconds: input['Timeout'] ?? current.timeoutSeconds,
      memoryMb: input['MemorySize'] ?? current.memoryMb,
      ephemeralStorageMb: input['EphemeralStorage']?.Size ?? current.ephemeralStorageMb,
      architecture: current.architecture,
      loggingConfig: input['LoggingConfig'] ? loggingConfigOf(input['LoggingConfig'], name) : current.loggingConfig,
      tracingMode: input['TracingConfig']?.Mode ?? current.tracingMode,
      layers: current.layers,
      // The empty text clears it.
      kmsKeyArn: input['KMSKeyArn'] === undefined ? current.kmsKeyArn : input['KMSKeyArn'] || null,
      durableConfig: input['DurableConfig'] ? durableConfigOf(input['DurableConfig'], current.durableConfig ?? undefined) : current.durableConfig,
      vpcConfig: current.vpcConfig,
      imageConfig: input['ImageConfig'] ? imageConfigOf(input['ImageConfig']) : current.imageConfig,
    },
    limits,
    // A function keeps working on a runtime that left the deployment's catalogue until its runtime is touched.
    packageType === 'Zip' && input['Runtime'] !== undefined,
  );
}

/** @throws ServiceError InvalidParameterValueException when no worker has this architecture */
export function validateArchitecture(architecture: Architecture, limits: DeploymentLimits): void {
  if (!limits.architectures.includes(architecture)) {
    throw invalidParameter(`Architectures: ${architecture} is not supported by this deployment. It has workers for: ${limits.architectures.join(', ')}.`);
  }
}

function validated(settings: FunctionSettings, limits: DeploymentLimits, checkRuntime = true): FunctionSettings {
  if (checkRuntime) validateRuntime(settings.runtime, limits.knownRuntimes());
  if (!ROLE.test(settings.role ?? '')) throw validationError(settings.role ?? null, 'role', `Member must satisfy regular expression pattern: ${ROLE_PATTERN}`);
  if (/\s/.test(settings.handler)) throw validationError(settings.handler, 'handler', String.raw`Member must satisfy regular expression pattern: [^\s]+`);
  if (settings.handler.length > MAX_HANDLER_LENGTH) throw validationError(settings.handler, 'handler', `Member must have length less than or equal to ${MAX_HANDLER_LENGTH}`);
  if (settings.description.length > MAX_DESCRIPTION_LENGTH) throw validationError(settings.description, 'description', `Member must have length less than or equal to ${MAX_DESCRIPTION_LENGTH}`);
  inRange(settings.timeoutSeconds, 'timeout', 1, MAX_TIMEOUT_SECONDS);
  inRange(settings.memoryMb, 'memorySize', 128, MAX_MEMORY_MB);
  inRange(settings.ephemeralStorageMb, 'ephemeralStorage.size', 512, MAX_EPHEMERAL_STORAGE_MB);
  validateArchitecture(settings.architecture, limits);
  return settings;
}

function inRange(value: number, member: string, min: number, max: number): void {
  if (value > max) throw invalidParameter(constraintText(value, member, `Member must have value less than or equal to ${max}`));
  if (value < min) throw invalidParameter(constraintText(value, member, `Member must have value greater than or equal to ${min}`));
}

/** Ranges are the wire's; with an update, absent members keep their value (spec/lambda-api.md 3). */
function durableConfigOf(given: { ExecutionTimeout?: number; RetentionPeriodInDays?: number }, current: DurableConfig | undefined): DurableConfig {
  const ExecutionTimeout = given.ExecutionTimeout ?? current?.ExecutionTimeout;
  if (ExecutionTimeout === undefined) throw invalidParameter('DurableConfig: ExecutionTimeout is required.');
  return { ExecutionTimeout, RetentionPeriodInDays: given.RetentionPeriodInDays ?? current?.RetentionPeriodInDays ?? DEFAULT_RETENTION_DAYS };
}

function loggingConfigOf(given: Partial<LoggingConfig> | undefined, name: string): LoggingConfig {
  const LogGroup = given?.LogGroup ?? `/aws/lambda/${name}`;
  if (given?.LogFormat !== 'JSON') {
    if (given?.ApplicationLogLevel || given?.SystemLogLevel) throw invalidParameter('LoggingConfig: log levels can be set only when LogFormat is JSON.');
    return { LogFormat: 'Text', LogGroup };
  }
  return { LogFormat: 'JSON', ApplicationLogLevel: given.ApplicationLogLevel ?? 'INFO', SystemLogLevel: given.SystemLogLevel ?? 'INFO', LogGroup };
}
