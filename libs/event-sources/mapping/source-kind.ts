import { invalidParameter } from '@hearth/catalogue';
import { parseArn } from '@hearth/kernel';

export type SourceKind = 'sqs' | 'kinesis' | 'dynamodb' | 'msk' | 'kafka' | 'mq' | 'documentdb';

/** What a mapping reads. */
export interface EventSource {
  kind: SourceKind;
  /** Absent for a Kafka of the user's own. */
  arn?: string;
  /** Brokers of a Kafka of the user's own, `host:port`. */
  brokers?: string[];
}

export interface SourceInput {
  EventSourceArn?: string;
  SelfManagedEventSource?: { Endpoints?: Record<string, string[]> };
}

const BROKERS = 'KAFKA_BOOTSTRAP_SERVERS';
const BROKER = /^[^\s:,]+:\d{1,5}$/;

/** Service and resource of each kind's ARN. */
const ARNS: readonly { kind: SourceKind; service: string; resource: RegExp }[] = [
  { kind: 'sqs', service: 'sqs', resource: /^[a-zA-Z0-9_-]{1,80}(?:\.fifo)?$/ },
  { kind: 'kinesis', service: 'kinesis', resource: /^stream\/[^/]+(?:\/consumer\/.+)?$/ },
  { kind: 'dynamodb', service: 'dynamodb', resource: /^table\/[^/]+\/stream\/.+$/ },
  { kind: 'msk', service: 'kafka', resource: /^(?:cluster|vpc-connection)\/.+$/ },
  { kind: 'mq', service: 'mq', resource: /^broker:.+$/ },
  { kind: 'documentdb', service: 'rds', resource: /^cluster:.+$/ },
];

/** @throws ServiceError InvalidParameterValueException for what is no event source (spec/event-sources.md 1.3) */
export function eventSourceOf(input: SourceInput): EventSource {
  const unrecognized = () => invalidParameter('Unrecognized event source.');
  if (input.SelfManagedEventSource !== undefined) {
    if (input.EventSourceArn !== undefined) throw unrecognized();
    const { [BROKERS]: brokers, ...others } = input.SelfManagedEventSource.Endpoints ?? {};
    if (brokers === undefined || brokers.length === 0 || Object.keys(others).length > 0) throw unrecognized();
    const wrong = brokers.find((broker) => !BROKER.test(broker));
    if (wrong !== undefined) throw invalidParameter(`SelfManagedEventSource: '${wrong}' must have the form HOST:PORT.`);
    return { kind: 'kafka', brokers };
  }
  const arn = parseArn(input.EventSourceArn ?? '');
  const known = arn && ARNS.find(({ service, resource }) => arn.service === service && resource.test(arn.resource));
  if (known === undefined) throw unrecognized();
  return { kind: known.kind, arn: input.EventSourceArn! };
}

export function isFifo({ kind, arn }: EventSource): boolean {
  return kind === 'sqs' && arn!.endsWith('.fifo');
}

/** Streams and partitions are read from a position on. */
export function hasPosition(kind: SourceKind): boolean {
  return kind !== 'sqs' && kind !== 'mq';
}

/** Two mappings of one function with the same text read the same. */
export function sourceText({ arn, brokers }: EventSource, topics: readonly string[] | undefined): string {
  const where = arn ?? [...brokers!].sort().join(',');
  return topics === undefined ? where : `${where} ${topics.join(',')}`;
}
