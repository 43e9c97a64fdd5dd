import { paginateFilterLogEvents, ResourceNotFoundException, type CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';

export interface LoggedEvent {
  id: string;
  /** Epoch ms. */
  timestamp: number;
  /** Without the line feed at its end. */
  text: string;
}

/** What a group holds from a time on (epoch ms), oldest first; nothing when there is no such group. */
export async function loggedEvents(client: CloudWatchLogsClient, logGroupName: string, options: { startTime?: number; filterPattern?: string } = {}): Promise<LoggedEvent[]> {
  const found: LoggedEvent[] = [];
  try {
    for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName, ...options })) {
      found.push(...events.map(({ eventId, timestamp, message }) => ({ id: eventId!, timestamp: timestamp!, text: message!.replace(/\n$/, '') })));
    }
  } catch (error) {
    if (!(error instanceof ResourceNotFoundException)) throw error; // Else it has not logged yet.
  }
  return found;
}
