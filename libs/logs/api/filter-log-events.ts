import type { OperationHandler } from '@hearth/aws-wire';
import { invalidParameter, noSuchStream, notSupported } from '../errors.js';
import { readPosition, writePosition, type EventPosition } from '../event-position.js';
import { filterOf } from '../filter/filter-pattern.js';
import { MAX_PAGE_EVENTS } from '../limits.js';
import { groupNameOf, type GroupInput } from './group-input.js';
import { invalidToken, readToken, writeToken } from './page-token.js';
import type { LogsParts } from './parts.js';
import { timeRange } from './time-range.js';

interface FilterLogEventsInput extends GroupInput {
  logStreamNames?: string[];
  logStreamNamePrefix?: string;
  startTime?: number;
  endTime?: number;
  filterPattern?: string;
  nextToken?: string;
  limit?: number;
  startFromHead?: boolean;
  unmask?: boolean;
}

/** Events of a group, oldest first. A page may be empty while there is more to search: only a missing nextToken says that the end was reached. */
export function filterLogEvents({ groups, reader, clock }: LogsParts): OperationHandler {
  return async (input: FilterLogEventsInput, context) => {
    const { logStreamNames: names, logStreamNamePrefix: prefix } = input;
    if (input.unmask) throw notSupported('unmask');
    if (input.startFromHead === false) throw notSupported('startFromHead=false of FilterLogEvents');
    if (names !== undefined && prefix !== undefined) throw invalidParameter('logStreamNames and logStreamNamePrefix cannot both be given.');
    const accepts = filterOf(input.filterPattern);
    const after = positionOf(input.nextToken);
    const group = await groups.group(context, groupNameOf(input, context));
    const streamIds = names === undefined && prefix === undefined ? undefined : await groups.streamIds(group.id, names, prefix);
    if (names !== undefined && streamIds!.length < new Set(names).size) throw noSuchStream();
    const range = timeRange(input, group, clock.now());
    const page = await reader.page({ groupId: group.id, streamIds, ...range, after, limit: input.limit ?? MAX_PAGE_EVENTS, accepts });
    return {
      events: page.events.map(({ streamName, timestamp, message, ingestion, position }) => ({
        logStreamName: streamName,
        timestamp,
        message,
        ingestionTime: ingestion,
        eventId: writePosition(position),
      })),
      searchedLogStreams: [],
      nextToken: page.next === undefined ? undefined : writeToken([writePosition(page.next)]),
    };
  };
}

function positionOf(token: string | undefined): EventPosition | undefined {
  if (token === undefined) return undefined;
  const position = readPosition(readToken(token, 1)![0]!);
  if (position === undefined) throw invalidToken();
  return position;
}
