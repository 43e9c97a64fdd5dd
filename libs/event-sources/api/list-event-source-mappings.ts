import type { OperationHandler } from '@hearth/aws-wire';
import { referenceOf } from '@hearth/catalogue';
import { decodePageMarker, encodePageMarker } from '@hearth/kernel';
import { shownMapping } from '../mapping/event-source-mapping.js';
import type { MappingParts } from '../parts.js';

interface ListEventSourceMappingsInput {
  EventSourceArn?: string;
  FunctionName?: string;
  Marker?: string;
  MaxItems?: number;
}

const DEFAULT_PAGE = 100;

export function listEventSourceMappings({ store, canPoll }: MappingParts): OperationHandler {
  return async (input: ListEventSourceMappingsInput, context) => {
    const reference = input.FunctionName === undefined ? undefined : referenceOf({ FunctionName: input.FunctionName }, context, 'ListEventSourceMappings');
    const filter = { eventSourceArn: input.EventSourceArn, functionName: reference?.name, qualifier: reference?.qualifier };
    const size = input.MaxItems ?? DEFAULT_PAGE;
    const found = await store.list(context, filter, decodePageMarker(input.Marker, 1)?.[0], size + 1);
    const page = found.slice(0, size);
    return { EventSourceMappings: page.map((mapping) => shownMapping(mapping, canPoll)), ...(found.length > size ? { NextMarker: encodePageMarker([page.at(-1)!.uuid]) } : {}) };
  };
}
