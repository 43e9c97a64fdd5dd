import type { OperationHandler } from '@hearth/aws-wire';
import { invalidParameter } from '../errors.js';
import type { StreamRow } from '../group-store.js';
import { MAX_DESCRIBED } from '../limits.js';
import { streamArn } from '../log-arn.js';
import { groupNameOf, type GroupInput } from './group-input.js';
import { invalidToken, readToken, writeToken } from './page-token.js';
import type { LogsParts } from './parts.js';

interface DescribeLogStreamsInput extends GroupInput {
  logStreamNamePrefix?: string;
  orderBy?: 'LogStreamName' | 'LastEventTime';
  descending?: boolean;
  limit?: number;
  nextToken?: string;
}

export function describeLogStreams({ groups }: LogsParts): OperationHandler {
  return async (input: DescribeLogStreamsInput, context) => {
    const { logStreamNamePrefix: prefix, descending = false, limit = MAX_DESCRIBED } = input;
    const byLastEvent = input.orderBy === 'LastEventTime';
    if (byLastEvent && prefix !== undefined) throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.');
    const name = groupNameOf(input, context);
    const group = await groups.group(context, name);
    const rows = await groups.listStreams(group.id, { prefix, byLastEvent, descending, after: placeOf(input.nextToken), limit: limit + 1 });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      logStreams: page.map((row) => ({ ...described(row), arn: streamArn(context, name, row.name) })),
      nextToken: rows.length > limit && last !== undefined ? writeToken([last.last_event_at ?? '0', last.name]) : undefined,
    };
  };
}

function placeOf(token: string | undefined): { lastEvent: number; name: string } | undefined {
  const key = readToken(token, 2);
  if (key === undefined) return undefined;
  const [lastEvent, name] = [Number(key[0]), key[1]!];
  if (!Number.isSafeInteger(lastEvent)) throw invalidToken();
  return { lastEvent, name };
}

function described(row: StreamRow): Record<string, unknown> {
  const time = (text: string | null) => (text === null ? undefined : Number(text));
  return {
    logStreamName: row.name,
    creationTime: row.created_at.getTime(),
    firstEventTimestamp: time(row.first_event_at),
    lastEventTimestamp: time(row.last_event_at),
    lastIngestionTime: time(row.last_ingestion),
    // Tokens are not needed any more, and any is taken; tools of the time when they were still read one here.
    uploadSequenceToken: row.id.padStart(56, '0'),
    // AWS shows no bytes of streams since 2019.
    storedBytes: 0,
  };
}
