import type { OperationHandler } from '@hearth/aws-wire';
import { createLogGroup } from './create-log-group.js';
import { describeLogGroups } from './describe-log-groups.js';
import { describeLogStreams } from './describe-log-streams.js';
import { filterLogEvents } from './filter-log-events.js';
import { getLogEvents } from './get-log-events.js';
import { groupNameOf } from './group-input.js';
import type { LogsParts } from './parts.js';
import { putLogEvents } from './put-log-events.js';
import { deleteRetentionPolicy, putRetentionPolicy } from './retention.js';
import { tagOperations } from './tags.js';

interface StreamInput {
  logGroupName: string;
  logStreamName: string;
}

/** The operations of CloudWatch Logs by name. Subscriptions, metric filters, queries and live tail are missing, so they answer 501. */
export function logsOperations(parts: LogsParts): Record<string, OperationHandler> {
  const { groups } = parts;
  return {
    CreateLogGroup: createLogGroup(parts),
    DescribeLogGroups: describeLogGroups(parts),
    DeleteLogGroup: async ({ logGroupName }: { logGroupName: string }, context) => {
      await groups.deleteGroup(context, logGroupName);
      return {};
    },
    PutLogGroupDeletionProtection: async (input: { logGroupIdentifier: string; deletionProtectionEnabled: boolean }, context) => {
      const { id } = await groups.group(context, groupNameOf({ logGroupIdentifier: input.logGroupIdentifier }, context));
      await groups.setDeletionProtection(id, input.deletionProtectionEnabled);
      return {};
    },
    CreateLogStream: async ({ logGroupName, logStreamName }: StreamInput, context) => {
      await groups.createStream((await groups.group(context, logGroupName)).id, logStreamName);
      return {};
    },
    DescribeLogStreams: describeLogStreams(parts),
    DeleteLogStream: async ({ logGroupName, logStreamName }: StreamInput, context) => {
      await groups.deleteStream((await groups.group(context, logGroupName)).id, logStreamName);
      return {};
    },
    PutLogEvents: putLogEvents(parts),
    GetLogEvents: getLogEvents(parts),
    FilterLogEvents: filterLogEvents(parts),
    PutRetentionPolicy: putRetentionPolicy(parts),
    DeleteRetentionPolicy: deleteRetentionPolicy(parts),
    ...tagOperations(parts),
  };
}
