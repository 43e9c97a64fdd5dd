import { randomUUID } from 'node:crypto';
import type { OperationHandler } from '@hearth/aws-wire';
import { invalidParameter } from '@hearth/catalogue';
import { duplicateMapping } from '../errors.js';
import { shownMapping, type EventSourceMapping } from '../mapping/event-source-mapping.js';
import { settingsOfCreate } from '../mapping/mapping-settings.js';
import { eventSourceOf, sourceText, type SourceInput } from '../mapping/source-kind.js';
import { existingFunction, type MappingParts } from '../parts.js';

interface CreateEventSourceMappingInput extends SourceInput {
  FunctionName: string;
  Enabled?: boolean;
  Topics?: string[];
  Tags?: Record<string, string>;
}

const MAX_TAGS = 50;

export function createEventSourceMapping(parts: MappingParts): OperationHandler {
  const { store, canPoll, clock } = parts;
  return async (input: CreateEventSourceMappingInput, context) => {
    const source = eventSourceOf(input);
    const uuid = randomUUID();
    const settings = settingsOfCreate(input, source, uuid, clock.now());
    if (Object.keys(input.Tags ?? {}).length > MAX_TAGS) throw invalidParameter('Number of tags exceeds resource tag limit.');
    const reference = await existingFunction(parts, input.FunctionName, context, 'CreateEventSourceMapping');
    const mapping: EventSourceMapping = {
      uuid,
      accountId: reference.accountId,
      region: reference.region,
      functionName: reference.name,
      ...(reference.qualifier === undefined ? {} : { qualifier: reference.qualifier }),
      kind: source.kind,
      source: sourceText(source, input.Topics),
      enabled: input.Enabled ?? true,
      settings,
      tags: input.Tags ?? {},
      lastModified: new Date(clock.now()),
    };
    const existing = await store.insert(mapping);
    if (existing !== undefined) throw duplicateMapping(mapping, existing);
    return shownMapping(mapping, canPoll, 'Creating');
  };
}
