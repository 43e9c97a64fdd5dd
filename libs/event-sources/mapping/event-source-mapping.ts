import { functionArn } from '@hearth/kernel';
import type { MappingSettings } from './mapping-settings.js';
import type { SourceKind } from './source-kind.js';

export interface EventSourceMapping {
  uuid: string;
  accountId: string;
  region: string;
  functionName: string;
  /** Version or alias. */
  qualifier?: string;
  kind: SourceKind;
  /** What is read, as text: unique per function. */
  source: string;
  /** What the user wants. */
  enabled: boolean;
  settings: MappingSettings;
  tags: Record<string, string>;
  lastModified: Date;
}

/** A change on its way, for the answer of the operation that asked for it (spec/event-sources.md 1.2). */
export type Transition = 'Creating' | 'Updating' | 'Enabling' | 'Disabling' | 'Deleting';

export function mappingArn({ region, accountId, uuid }: Pick<EventSourceMapping, 'region' | 'accountId' | 'uuid'>): string {
  return `arn:aws:lambda:${region}:${accountId}:event-source-mapping:${uuid}`;
}

export function mappedFunctionArn({ region, accountId, functionName, qualifier }: EventSourceMapping): string {
  return functionArn(region, accountId, functionName, qualifier);
}

/**
 * EventSourceMappingConfiguration. A mapping never says Enabled where nothing polls its source (docs/decisions/0010).
 * @param canPoll whether this deployment has pollers for the kind
 */
export function shownMapping(mapping: EventSourceMapping, canPoll: (kind: SourceKind) => boolean, transition?: Transition): Record<string, unknown> {
  const { StartingPositionTimestamp: timestamp, ...settings } = mapping.settings;
  return {
    ...settings,
    ...(timestamp === undefined ? {} : { StartingPositionTimestamp: new Date(timestamp) }),
    UUID: mapping.uuid,
    EventSourceMappingArn: mappingArn(mapping),
    FunctionArn: mappedFunctionArn(mapping),
    LastModified: mapping.lastModified,
    ...(mapping.kind === 'kinesis' || mapping.kind === 'dynamodb' ? { LastProcessingResult: 'No records processed' } : {}),
    ...stateOf(mapping, canPoll, transition),
  };
}

function stateOf({ kind, enabled }: EventSourceMapping, canPoll: (kind: SourceKind) => boolean, transition: Transition | undefined): { State: string; StateTransitionReason: string } {
  const byUser = kind === 'sqs' ? 'USER_INITIATED' : 'User action';
  if (transition !== undefined) return { State: transition, StateTransitionReason: byUser };
  if (!enabled) return { State: 'Disabled', StateTransitionReason: byUser };
  if (canPoll(kind)) return { State: 'Enabled', StateTransitionReason: byUser };
  return { State: 'Disabled', StateTransitionReason: `This deployment does not poll event sources of kind ${kind} yet. The mapping is kept and is enabled as soon as it does.` };
}
