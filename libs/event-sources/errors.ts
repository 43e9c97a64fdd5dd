import { conflict, notFound } from '@hearth/catalogue';
import type { ServiceError } from '@hearth/kernel';
import { mappedFunctionArn, type EventSourceMapping } from './mapping/event-source-mapping.js';

export function noSuchMapping(): ServiceError {
  return notFound('The resource you requested does not exist.');
}

/** spec/event-sources.md 1.3 */
export function duplicateMapping(wanted: EventSourceMapping, existing: string): ServiceError {
  const remedy = `already exists. Please update or delete the existing mapping with UUID ${existing}`;
  const { EventSourceArn: arn, SelfManagedEventSource: own, Topics: topics } = wanted.settings;
  switch (wanted.kind) {
    case 'sqs':
      return conflict(`An event source mapping with SQS arn (" ${arn} ") and function (" ${wanted.functionName} ") ${remedy}`);
    case 'msk':
    case 'kafka': {
      const source = arn ?? own.Endpoints.KAFKA_BOOTSTRAP_SERVERS.join(',');
      return conflict(`An event source mapping with event source ("${source}"), function ("${mappedFunctionArn(wanted)}"), topics ("${topics.join(',')}") ${remedy}`);
    }
    default:
      return conflict(`The event source arn (" ${arn} ") and function (" ${wanted.functionName} ") provided mapping ${remedy}`);
  }
}
