import type { OperationHandler } from '@hearth/aws-wire';
import { invalidParameter, noSuchStream } from '../errors.js';
import { DAY_MS, MAX_AGE_MS, MAX_AHEAD_MS, MAX_BATCH_BYTES, MAX_BATCH_SPAN_MS, MAX_EVENT_BYTES } from '../limits.js';
import { cutBlocks, eventBytes, type LogEvent } from '../log-block.js';
import type { LogsParts } from './parts.js';

interface PutLogEventsInput {
  logGroupName: string;
  logStreamName: string;
  logEvents: LogEvent[];
  /** Any is taken, as at AWS since 2023. */
  sequenceToken?: string;
  entity?: unknown;
}

interface Acceptance {
  accepted: LogEvent[];
  /** Absent when all were taken. */
  rejectedLogEventsInfo?: { tooOldLogEventEndIndex?: number; expiredLogEventEndIndex?: number; tooNewLogEventStartIndex?: number };
}

/** Durable when it answers. */
export function putLogEvents({ groups, blocks, clock }: LogsParts): OperationHandler {
  return async ({ logGroupName, logStreamName, logEvents, entity }: PutLogEventsInput, context) => {
    checkBatch(logEvents);
    const group = await groups.group(context, logGroupName);
    const stream = await groups.stream(group.id, logStreamName);
    const { accepted, rejectedLogEventsInfo } = acceptance(logEvents, clock.now(), group.retention_days);
    if (accepted.length > 0) {
      const stored = await blocks.append(cutBlocks(stream.id, accepted), clock.now());
      if (!stored.has(stream.id)) throw noSuchStream();
    }
    return {
      nextSequenceToken: stream.id.padStart(56, '0'),
      rejectedLogEventsInfo,
      // Hearth keeps no entities: said, as AWS says it for groups that cannot have one.
      rejectedEntityInfo: entity === undefined ? undefined : { errorType: 'UnsupportedLogGroupType' },
    };
  };
}

/** @throws ServiceError InvalidParameterException */
function checkBatch(events: readonly LogEvent[]): void {
  let bytes = 0;
  events.forEach(({ timestamp, message }, place) => {
    const size = eventBytes(message);
    if (size > MAX_EVENT_BYTES) throw invalidParameter(`Log event too large: ${size} bytes exceeds limit of ${MAX_EVENT_BYTES}`);
    if (place > 0 && timestamp < events[place - 1]!.timestamp) throw invalidParameter('Log events in a single PutLogEvents request must be in chronological order.');
    bytes += size;
  });
  if (bytes > MAX_BATCH_BYTES) throw invalidParameter(`Upload too large: ${bytes} bytes exceeds limit of ${MAX_BATCH_BYTES}`);
  if (events.at(-1)!.timestamp - events[0]!.timestamp > MAX_BATCH_SPAN_MS) {
    throw invalidParameter('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.');
  }
}

/** Events are sorted by time: what is too old stands first, what is too new last. */
export function acceptance(events: readonly LogEvent[], now: number, retentionDays: number | null): Acceptance {
  const before = (time: number) => events.filter(({ timestamp }) => timestamp < time).length;
  const tooOld = before(now - MAX_AGE_MS);
  const expired = retentionDays === null ? 0 : before(now - retentionDays * DAY_MS);
  const tooNew = before(now + MAX_AHEAD_MS + 1);
  const first = Math.max(tooOld, expired);
  if (first === 0 && tooNew === events.length) return { accepted: [...events] };
  return {
    accepted: events.slice(first, tooNew),
    rejectedLogEventsInfo: {
      tooOldLogEventEndIndex: tooOld > 0 ? tooOld : undefined,
      expiredLogEventEndIndex: expired > 0 ? expired : undefined,
      tooNewLogEventStartIndex: tooNew < events.length ? tooNew : undefined,
    },
  };
}
