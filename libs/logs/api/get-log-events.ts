import type { OperationHandler } from '@hearth/aws-wire';
import { notSupported } from '../errors.js';
import { FIRST_POSITION, readPosition, writePosition, type EventPosition } from '../event-position.js';
import { MAX_PAGE_EVENTS } from '../limits.js';
import { groupNameOf, type GroupInput } from './group-input.js';
import { invalidToken } from './page-token.js';
import type { LogsParts } from './parts.js';
import { timeRange } from './time-range.js';

interface GetLogEventsInput extends GroupInput {
  logStreamName: string;
  startTime?: number;
  endTime?: number;
  startFromHead?: boolean;
  nextToken?: string;
  limit?: number;
  unmask?: boolean;
}

interface Token {
  direction: 'f' | 'b';
  position: EventPosition;
}

/** Events of one stream. A token that comes back as it was given says: nothing more in that direction, so far. */
export function getLogEvents({ groups, reader, clock }: LogsParts): OperationHandler {
  return async (input: GetLogEventsInput, context) => {
    if (input.unmask) throw notSupported('unmask');
    const group = await groups.group(context, groupNameOf(input, context));
    const stream = await groups.stream(group.id, input.logStreamName);
    const token = input.nextToken === undefined ? undefined : readToken(input.nextToken);
    const forward = token === undefined ? input.startFromHead === true : token.direction === 'f';
    const { events } = await reader.page({
      groupId: group.id,
      streamIds: [stream.id],
      ...timeRange(input, group, clock.now()),
      [forward ? 'after' : 'before']: token?.position,
      newestFirst: !forward,
      limit: input.limit ?? MAX_PAGE_EVENTS,
    });
    if (!forward) events.reverse();
    // Of a page without events both tokens stand where it stands.
    const nowhere = token?.position ?? FIRST_POSITION;
    return {
      events: events.map(({ timestamp, message, ingestion }) => ({ timestamp, message, ingestionTime: ingestion })),
      nextForwardToken: writeToken('f', events.at(-1)?.position ?? nowhere),
      nextBackwardToken: writeToken('b', events[0]?.position ?? nowhere),
    };
  };
}

function writeToken(direction: Token['direction'], position: EventPosition): string {
  return `${direction}/${writePosition(position)}/s`;
}

/** @throws ServiceError */
function readToken(text: string): Token {
  const [, direction, digits = ''] = /^([fb])\/(\d+)\/s$/.exec(text) ?? [];
  const position = readPosition(digits);
  if (position === undefined) throw invalidToken();
  return { direction: direction as Token['direction'], position };
}
