import type { OperationHandler } from '@hearth/aws-wire';
import { duplicateMapping, noSuchMapping } from '../errors.js';
import { shownMapping, type EventSourceMapping, type Transition } from '../mapping/event-source-mapping.js';
import { settingsOfUpdate } from '../mapping/mapping-settings.js';
import { eventSourceOf } from '../mapping/source-kind.js';
import { existingFunction, type MappingParts } from '../parts.js';

interface UpdateEventSourceMappingInput {
  UUID: string;
  FunctionName?: string;
  Enabled?: boolean;
}

export function updateEventSourceMapping(parts: MappingParts): OperationHandler {
  const { store, canPoll, clock } = parts;
  return async (input: UpdateEventSourceMappingInput, context) => {
    if ((await store.find(context, input.UUID)) === undefined) throw noSuchMapping();
    const reference = input.FunctionName === undefined ? undefined : await existingFunction(parts, input.FunctionName, context, 'UpdateEventSourceMapping');
    const written = await store.update(context, input.UUID, (current) => ({
      ...current,
      ...(reference && { functionName: reference.name, qualifier: reference.qualifier }),
      enabled: input.Enabled ?? current.enabled,
      settings: settingsOfUpdate(current.settings, input, eventSourceOf(current.settings)),
      lastModified: new Date(clock.now()),
    }));
    if (written === undefined) throw noSuchMapping();
    if (written.duplicateOf !== undefined) throw duplicateMapping(written.mapping, written.duplicateOf);
    return shownMapping(written.mapping, canPoll, transitionOf(written.before, written.mapping));
  };
}

function transitionOf(before: EventSourceMapping, after: EventSourceMapping): Transition {
  if (before.enabled === after.enabled) return 'Updating';
  return after.enabled ? 'Enabling' : 'Disabling';
}
