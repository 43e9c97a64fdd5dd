import { settingsOfCreate, settingsOfUpdate } from './mapping-settings.js';
import { eventSourceOf, sourceText } from './source-kind.js';

const UUID = '11111111-1111-4111-8111-111111111111';
const NOW = Date.UTC(2026, 0, 2);
const arn = (service: string, resource: string) => `arn:aws:${service}:us-east-1:000000000000:${resource}`;
const QUEUE = { EventSourceArn: arn('sqs', 'orders') };
const FIFO = { EventSourceArn: arn('sqs', 'orders.fifo') };
const STREAM = { EventSourceArn: arn('kinesis', 'stream/s'), StartingPosition: 'LATEST' };
const TABLE = { EventSourceArn: arn('dynamodb', 'table/t/stream/2026-01-02T03:04:05.678'), StartingPosition: 'TRIM_HORIZON' };
const MSK = { EventSourceArn: arn('kafka', 'cluster/c/1'), StartingPosition: 'LATEST', Topics: ['t'] };
const KAFKA = { SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['b:9092', 'a:9092'] } }, StartingPosition: 'LATEST', Topics: ['t'] };
const MQ = { EventSourceArn: arn('mq', 'broker:b:b-1'), Queues: ['q'], SourceAccessConfigurations: [{ Type: 'BASIC_AUTH', URI: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:s' }] };
const DOCDB = {
  EventSourceArn: arn('rds', 'cluster:c'),
  StartingPosition: 'LATEST',
  DocumentDBEventSourceConfig: { DatabaseName: 'd' },
  SourceAccessConfigurations: [{ Type: 'BASIC_AUTH', URI: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:s' }],
};

const create = (input: Record<string, any>) => settingsOfCreate(input, eventSourceOf(input), UUID, NOW);
const refusal = (message: string) => expect.objectContaining({ code: 'InvalidParameterValueException', status: 400, message });

describe('settings of an event source mapping', () => {
  it('have the defaults of their kind', () => {
    const stream = { BatchSize: 100, MaximumBatchingWindowInSeconds: 0, ParallelizationFactor: 1, MaximumRecordAgeInSeconds: -1, MaximumRetryAttempts: -1, TumblingWindowInSeconds: 0, BisectBatchOnFunctionError: false, FunctionResponseTypes: [], DestinationConfig: { OnFailure: {} } };
    expect(create(QUEUE)).toEqual({ ...QUEUE, BatchSize: 10, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [] });
    expect(create(STREAM)).toEqual({ ...STREAM, ...stream });
    expect(create(TABLE)).toEqual({ ...TABLE, ...stream });
    expect(create(MSK)).toEqual({ ...MSK, BatchSize: 100, AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: UUID } });
    expect(create(KAFKA)).toEqual({ ...KAFKA, BatchSize: 100, SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: UUID } });
    expect(create(MQ)).toEqual({ ...MQ, BatchSize: 100 });
    expect(create(DOCDB)).toEqual({ ...DOCDB, BatchSize: 100 });
  });

  it.each([
    ['no source', {}, 'Unrecognized event source.'],
    ['another service', { EventSourceArn: arn('s3', 'bucket') }, 'Unrecognized event source.'],
    ['a table without stream', { EventSourceArn: arn('dynamodb', 'table/t') }, 'Unrecognized event source.'],
    ['two sources', { ...KAFKA, ...QUEUE }, 'Unrecognized event source.'],
    ['a stream without position', { ...STREAM, StartingPosition: undefined }, "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null."],
    ['a queue with a position', { ...QUEUE, StartingPosition: 'LATEST' }, `Unsupported starting position for arn type: ${QUEUE.EventSourceArn}`],
    ['a table at a timestamp', { ...TABLE, StartingPosition: 'AT_TIMESTAMP' }, `Unsupported starting position for arn type: ${TABLE.EventSourceArn}`],
    ['a timestamp in the future', { ...STREAM, StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: new Date(NOW + 1_000) }, 'StartingPositionTimestamp must not be in the future.'],
    ['a queue with a destination', { ...QUEUE, DestinationConfig: { OnFailure: { Destination: arn('sqs', 'dlq') } } }, 'Unsupported DestinationConfig parameter for given event source mapping type.'],
    ['a success destination', { ...STREAM, DestinationConfig: { OnSuccess: { Destination: arn('sqs', 'ok') } } }, 'Unsupported DestinationConfig parameter for given event source mapping type.'],
    ['a queue with a tumbling window', { ...QUEUE, TumblingWindowInSeconds: 1 }, 'Unsupported TumblingWindowInSeconds parameter for given event source mapping type.'],
    ['a big batch without window', { ...QUEUE, BatchSize: 11 }, 'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10'],
    ['a big FIFO batch', { ...FIFO, BatchSize: 11 }, 'BatchSize must be less than or equal to 10 for FIFO queues.'],
    ['a FIFO window', { ...FIFO, MaximumBatchingWindowInSeconds: 1 }, 'Batching window is not supported for FIFO queues'],
    ['a young record', { ...STREAM, MaximumRecordAgeInSeconds: 59 }, 'MaximumRecordAgeInSeconds must be -1 or between 60 and 604800.'],
    ['a wrong filter', { ...QUEUE, FilterCriteria: { Filters: [{ Pattern: '{"a":1}' }] } }, 'Invalid filter pattern definition.'],
    ['six filters', { ...QUEUE, FilterCriteria: { Filters: Array(6).fill({ Pattern: '{"a":[1]}' }) } }, 'FilterCriteria must have at most 5 filters.'],
    ['Kafka without topic', { ...KAFKA, Topics: undefined }, "Required 'topics' parameter is missing."],
    ['a broker without queue', { ...MQ, Queues: undefined }, "Required 'queues' parameter is missing."],
    ['a broker without access', { ...MQ, SourceAccessConfigurations: undefined }, "Required 'sourceAccessConfigurations' parameter is missing."],
    ['a broker with Kafka access', { ...MQ, SourceAccessConfigurations: [{ Type: 'SASL_SCRAM_512_AUTH', URI: 'x' }] }, 'SourceAccessConfigurations: type SASL_SCRAM_512_AUTH is not supported for this event source mapping type.'],
    ['both scalings', { ...QUEUE, ScalingConfig: { MaximumConcurrency: 2 }, ProvisionedPollerConfig: { MinimumPollers: 2 } }, 'ScalingConfig and ProvisionedPollerConfig exclude each other.'],
    ['one poller for a queue', { ...QUEUE, ProvisionedPollerConfig: { MinimumPollers: 1 } }, 'ProvisionedPollerConfig: MinimumPollers must be between 2 and 200.'],
    ['a key', { ...QUEUE, KMSKeyArn: 'arn:aws:kms:us-east-1:000000000000:key/k' }, 'KMSKeyArn is not supported by this deployment.'],
    ['metrics', { ...QUEUE, MetricsConfig: { Metrics: ['EventCount'] } }, 'MetricsConfig is not supported by this deployment.'],
  ])('refuse %s', (_name, input, message) => {
    expect(() => create(input)).toThrow(refusal(message));
  });

  it('are accepted when they fit', () => {
    expect(create({ ...QUEUE, BatchSize: 1_000, MaximumBatchingWindowInSeconds: 5, ScalingConfig: { MaximumConcurrency: 2 }, FunctionResponseTypes: ['ReportBatchItemFailures'] })).toMatchObject({ BatchSize: 1_000 });
    expect(create({ ...KAFKA, DestinationConfig: { OnFailure: { Destination: 'kafka://failed' } } })).toMatchObject({ DestinationConfig: { OnFailure: { Destination: 'kafka://failed' } } });
    expect(create({ ...STREAM, StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: new Date(NOW - 1) })).toMatchObject({ StartingPosition: 'AT_TIMESTAMP' });
  });

  it('keep what an update leaves out, and drop what it empties', () => {
    const before = create({ ...QUEUE, FilterCriteria: { Filters: [{ Pattern: '{"a":[1]}' }] }, ScalingConfig: { MaximumConcurrency: 5 } });
    const source = eventSourceOf(QUEUE);
    expect(settingsOfUpdate(before, { BatchSize: 3 }, source)).toEqual({ ...before, BatchSize: 3 });
    const emptied = settingsOfUpdate(before, { FilterCriteria: {}, ScalingConfig: {} }, source);
    expect(emptied).not.toHaveProperty('FilterCriteria');
    expect(emptied).not.toHaveProperty('ScalingConfig');
    expect(() => settingsOfUpdate(before, { BatchSize: 100 }, source)).toThrow(refusal('Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10'));
  });

  it('keep what is fixed at creation', () => {
    const kafka = eventSourceOf(KAFKA);
    expect(() => settingsOfUpdate(create(KAFKA), { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'other' } }, kafka)).toThrow(refusal('SelfManagedKafkaEventSourceConfig: ConsumerGroupId cannot be changed.'));
    const host = { ...MQ, SourceAccessConfigurations: [...MQ.SourceAccessConfigurations, { Type: 'VIRTUAL_HOST', URI: '/a' }] };
    expect(() => settingsOfUpdate(create(host), { SourceAccessConfigurations: MQ.SourceAccessConfigurations }, eventSourceOf(MQ))).toThrow(refusal('SourceAccessConfigurations: VIRTUAL_HOST cannot be changed.'));
  });

  it('name the same brokers the same way in any order', () => {
    const turned = { SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ['a:9092', 'b:9092'] } } };
    expect(sourceText(eventSourceOf(KAFKA), ['t'])).toBe(sourceText(eventSourceOf(turned), ['t']));
  });
});
