import { invalidParameter } from '@hearth/catalogue';
import { isFilterPattern, MAX_FILTERS } from './filter-pattern.js';
import { ACCESS_TYPES, defaultsOf, KINDS_OF_MEMBER, pollerLimits, UNSUPPORTED_MEMBERS } from './members.js';
import { hasPosition, isFifo, type EventSource } from './source-kind.js';

/** Members of a mapping as the API shows them. */
export type MappingSettings = Record<string, any>;

/** Members that an update may change; the rest is fixed at creation. */
const UPDATABLE = [
  'BatchSize',
  'FilterCriteria',
  'ScalingConfig',
  'MaximumBatchingWindowInSeconds',
  'ParallelizationFactor',
  'DestinationConfig',
  'MaximumRecordAgeInSeconds',
  'BisectBatchOnFunctionError',
  'MaximumRetryAttempts',
  'TumblingWindowInSeconds',
  'SourceAccessConfigurations',
  'FunctionResponseTypes',
  'AmazonManagedKafkaEventSourceConfig',
  'SelfManagedKafkaEventSourceConfig',
  'DocumentDBEventSourceConfig',
  'ProvisionedPollerConfig',
] as const;
const FIXED = ['StartingPosition', 'StartingPositionTimestamp', 'Topics', 'Queues', 'EventSourceArn', 'SelfManagedEventSource'] as const;
const CONSUMER_CONFIGS = ['AmazonManagedKafkaEventSourceConfig', 'SelfManagedKafkaEventSourceConfig'] as const;
const FIFO_MAX_BATCH = 10;

/**
 * Settings of a new mapping: the caller's, else the defaults of its kind.
 * @throws ServiceError InvalidParameterValueException (spec/event-sources.md 1.3)
 */
export function settingsOfCreate(input: Record<string, any>, source: EventSource, uuid: string, now: number): MappingSettings {
  checkKnown(input, source);
  checkPosition(input, source, now);
  if (KINDS_OF_MEMBER['Topics']!.includes(source.kind) && input['Topics'] === undefined) throw missing('topics');
  if (source.kind === 'mq' && input['Queues'] === undefined) throw missing('queues');
  if ((source.kind === 'mq' || source.kind === 'documentdb') && !input['SourceAccessConfigurations']?.length) throw missing('sourceAccessConfigurations');
  if (source.kind === 'documentdb' && input['DocumentDBEventSourceConfig']?.DatabaseName === undefined) throw missing('documentDBEventSourceConfig.databaseName');
  const given = pick(input, [...UPDATABLE, ...FIXED]);
  const settings = { ...defaultsOf(source.kind, uuid), ...given };
  for (const member of CONSUMER_CONFIGS) if (given[member]) settings[member] = { ConsumerGroupId: uuid, ...given[member] };
  return checked(tidy(settings), source);
}

/** The same after an update: absent members stay, objects are replaced as a whole. */
export function settingsOfUpdate(current: MappingSettings, input: Record<string, any>, source: EventSource): MappingSettings {
  checkKnown(input, source);
  const change = pick(input, UPDATABLE);
  for (const member of CONSUMER_CONFIGS) {
    const group = change[member]?.ConsumerGroupId;
    if (group !== undefined && group !== current[member]?.ConsumerGroupId) throw invalidParameter(`${member}: ConsumerGroupId cannot be changed.`);
    if (change[member]) change[member] = { ...change[member], ConsumerGroupId: current[member]?.ConsumerGroupId };
  }
  if (change['SourceAccessConfigurations'] && virtualHost(change) !== virtualHost(current)) throw invalidParameter('SourceAccessConfigurations: VIRTUAL_HOST cannot be changed.');
  return checked(tidy({ ...current, ...change }), source);
}

function checkKnown(input: Record<string, any>, source: EventSource): void {
  const unsupported = UNSUPPORTED_MEMBERS.find((member) => input[member] !== undefined && input[member] !== '');
  if (unsupported !== undefined) throw invalidParameter(`${unsupported} is not supported by this deployment.`);
  for (const [member, kinds] of Object.entries(KINDS_OF_MEMBER)) {
    if (input[member] !== undefined && !kinds.includes(source.kind)) throw unsupportedFor(member);
  }
}

function checkPosition(input: Record<string, any>, { kind, arn }: EventSource, now: number): void {
  const position: string | undefined = input['StartingPosition'];
  const timestamp: Date | undefined = input['StartingPositionTimestamp'];
  if (position === undefined) {
    if (hasPosition(kind)) throw invalidParameter("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.");
    if (timestamp !== undefined) throw unsupportedFor('StartingPositionTimestamp');
    return;
  }
  if (!hasPosition(kind) || (kind === 'dynamodb' && position === 'AT_TIMESTAMP')) throw invalidParameter(`Unsupported starting position for arn type: ${arn}`);
  if (position !== 'AT_TIMESTAMP') {
    if (timestamp !== undefined) throw invalidParameter('StartingPositionTimestamp is for StartingPosition AT_TIMESTAMP only.');
  } else if (timestamp === undefined) throw missing('startingPositionTimestamp');
  else if (timestamp.getTime() > now) throw invalidParameter('StartingPositionTimestamp must not be in the future.');
}

function checked(settings: MappingSettings, source: EventSource): MappingSettings {
  const { BatchSize: batch, MaximumBatchingWindowInSeconds: window = 0 } = settings;
  if (isFifo(source)) {
    if (batch > FIFO_MAX_BATCH) throw invalidParameter(`BatchSize must be less than or equal to ${FIFO_MAX_BATCH} for FIFO queues.`);
    if (window > 0) throw invalidParameter('Batching window is not supported for FIFO queues');
  }
  if (source.kind === 'sqs' && batch > FIFO_MAX_BATCH && window === 0) throw invalidParameter('Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10');
  const age = settings['MaximumRecordAgeInSeconds'];
  if (age !== undefined && age !== -1 && age < 60) throw invalidParameter('MaximumRecordAgeInSeconds must be -1 or between 60 and 604800.');
  checkFilters(settings['FilterCriteria']?.Filters ?? []);
  checkDestination(settings['DestinationConfig'], source);
  checkAccess(settings['SourceAccessConfigurations'] ?? [], source);
  checkPollers(settings, source);
  return settings;
}

function checkFilters(filters: { Pattern?: string }[]): void {
  if (filters.length > MAX_FILTERS) throw invalidParameter(`FilterCriteria must have at most ${MAX_FILTERS} filters.`);
  if (filters.some(({ Pattern }) => Pattern === undefined || !isFilterPattern(Pattern))) throw invalidParameter('Invalid filter pattern definition.');
}

function checkDestination(config: { OnSuccess?: { Destination?: string }; OnFailure?: { Destination?: string } } | undefined, { kind }: EventSource): void {
  if (config?.OnSuccess?.Destination !== undefined) throw unsupportedFor('DestinationConfig');
  const target = config?.OnFailure?.Destination;
  if (target === undefined) return;
  const kafka = target.startsWith('kafka://') && (kind === 'msk' || kind === 'kafka');
  if (!kafka && !/^arn:[^:]+:(?:sqs|sns|s3):/.test(target)) throw unsupportedFor('DestinationConfig');
}

function checkAccess(configurations: { Type?: string; URI?: string }[], { kind }: EventSource): void {
  const wrong = configurations.find(({ Type }) => !ACCESS_TYPES[kind]?.includes(Type ?? ''));
  if (wrong !== undefined) throw invalidParameter(`SourceAccessConfigurations: type ${wrong.Type} is not supported for this event source mapping type.`);
}

function checkPollers({ ProvisionedPollerConfig: pollers, ScalingConfig: scaling }: MappingSettings, { kind }: EventSource): void {
  if (pollers === undefined) return;
  if (scaling?.MaximumConcurrency !== undefined) throw invalidParameter('ScalingConfig and ProvisionedPollerConfig exclude each other.');
  const { minimum, maximum } = pollerLimits(kind);
  for (const [name, [least, most]] of [['MinimumPollers', minimum], ['MaximumPollers', maximum]] as const) {
    const value = pollers[name];
    if (value !== undefined && (value < least || value > most)) throw invalidParameter(`ProvisionedPollerConfig: ${name} must be between ${least} and ${most}.`);
  }
  if (pollers.MinimumPollers > pollers.MaximumPollers) throw invalidParameter('ProvisionedPollerConfig: MinimumPollers must not be greater than MaximumPollers.');
}

/** Empty objects take a setting away. */
function tidy(settings: MappingSettings): MappingSettings {
  const { FilterCriteria: filters, ScalingConfig: scaling, ProvisionedPollerConfig: pollers, ...rest } = settings;
  return {
    ...rest,
    ...(filters?.Filters?.length ? { FilterCriteria: filters } : {}),
    ...(scaling?.MaximumConcurrency !== undefined ? { ScalingConfig: scaling } : {}),
    ...(pollers && Object.keys(pollers).length > 0 ? { ProvisionedPollerConfig: pollers } : {}),
  };
}

function virtualHost({ SourceAccessConfigurations: configurations }: MappingSettings): string | undefined {
  return configurations?.find(({ Type }: { Type?: string }) => Type === 'VIRTUAL_HOST')?.URI;
}

function pick(input: Record<string, any>, members: readonly string[]): Record<string, any> {
  return Object.fromEntries(members.filter((member) => input[member] !== undefined).map((member) => [member, input[member]]));
}

function missing(member: string) {
  return invalidParameter(`Required '${member}' parameter is missing.`);
}

function unsupportedFor(member: string) {
  return invalidParameter(`Unsupported ${member} parameter for given event source mapping type.`);
}
