import type { SourceKind } from './source-kind.js';

const STREAMS = ['kinesis', 'dynamodb'] as const;
const KAFKAS = ['msk', 'kafka'] as const;
const POSITIONED = [...STREAMS, ...KAFKAS] as const;

/** Which kinds know a member; members that are not here are known to all (spec/event-sources.md 1). */
export const KINDS_OF_MEMBER: Readonly<Record<string, readonly SourceKind[]>> = {
  ParallelizationFactor: STREAMS,
  TumblingWindowInSeconds: STREAMS,
  MaximumRetryAttempts: POSITIONED,
  MaximumRecordAgeInSeconds: POSITIONED,
  BisectBatchOnFunctionError: POSITIONED,
  DestinationConfig: POSITIONED,
  FunctionResponseTypes: ['sqs', ...POSITIONED],
  ScalingConfig: ['sqs'],
  ProvisionedPollerConfig: ['sqs', ...KAFKAS],
  Topics: KAFKAS,
  Queues: ['mq'],
  SourceAccessConfigurations: ['mq', 'documentdb', ...KAFKAS],
  AmazonManagedKafkaEventSourceConfig: ['msk'],
  SelfManagedKafkaEventSourceConfig: ['kafka'],
  DocumentDBEventSourceConfig: ['documentdb'],
};

/** Members that nothing in Hearth honours, with polling or without: refused, never stored. */
export const UNSUPPORTED_MEMBERS = ['KMSKeyArn', 'MetricsConfig', 'LoggingConfig'] as const;

/** Types of SourceAccessConfigurations. */
export const ACCESS_TYPES: Readonly<Partial<Record<SourceKind, readonly string[]>>> = {
  mq: ['BASIC_AUTH', 'VIRTUAL_HOST'],
  documentdb: ['BASIC_AUTH'],
  msk: ['SASL_SCRAM_512_AUTH', 'CLIENT_CERTIFICATE_TLS_AUTH'],
  kafka: ['BASIC_AUTH', 'SASL_SCRAM_512_AUTH', 'SASL_SCRAM_256_AUTH', 'CLIENT_CERTIFICATE_TLS_AUTH', 'SERVER_ROOT_CA_CERTIFICATE', 'VPC_SUBNET', 'VPC_SECURITY_GROUP'],
};

/** What a new mapping has when its caller says nothing (spec/event-sources.md 1 and 1.1). */
export function defaultsOf(kind: SourceKind, uuid: string): Record<string, unknown> {
  const stream = { MaximumRecordAgeInSeconds: -1, MaximumRetryAttempts: -1, BisectBatchOnFunctionError: false, FunctionResponseTypes: [], DestinationConfig: { OnFailure: {} } };
  switch (kind) {
    case 'sqs':
      return { BatchSize: 10, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [] };
    case 'kinesis':
    case 'dynamodb':
      return { BatchSize: 100, MaximumBatchingWindowInSeconds: 0, ParallelizationFactor: 1, TumblingWindowInSeconds: 0, ...stream };
    case 'msk':
      return { BatchSize: 100, AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: uuid } };
    case 'kafka':
      return { BatchSize: 100, SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: uuid } };
    case 'mq':
      return { BatchSize: 100 };
    case 'documentdb':
      return { BatchSize: 100 };
  }
}

/** Range of MinimumPollers and MaximumPollers of provisioned mode. */
export function pollerLimits(kind: SourceKind): { minimum: readonly [number, number]; maximum: readonly [number, number] } {
  return kind === 'sqs' ? { minimum: [2, 200], maximum: [2, 10_000] } : { minimum: [1, 200], maximum: [1, 2_000] };
}
