import type { OperationContext, PermissionMapping } from '@hearth/aws-wire';
import type { GroupStore, LogPlace } from '../group-store.js';
import { groupArn, groupOfArn, streamArn } from '../log-arn.js';
import type { GroupInput } from './group-input.js';

interface PermissionInput extends GroupInput {
  logStreamName?: string;
  resourceArn?: string;
  tags?: Record<string, string> | string[];
  tagKeys?: string[];
}

/**
 * Action, resource and condition keys of every operation (service authorization reference of CloudWatch Logs). Policies name groups as
 * `...:log-group:NAME:*`, so a group is asked for as AWS does in its denials, `...:log-group:NAME:log-stream:`; the tag operations by ARN take it without.
 */
export function logsPermissions(groups: GroupStore): Record<string, PermissionMapping> {
  const resourceTags = async (context: OperationContext, name: string): Promise<Record<string, string[]>> =>
    Object.fromEntries(Object.entries(await groups.tagsOf(context, name)).map(([key, value]) => [`aws:ResourceTag/${key}`, [value]]));
  const on =
    (operation: string, resourceOf: (context: OperationContext, name: string, input: PermissionInput) => string): PermissionMapping =>
    async (input: PermissionInput, caller) => {
      const name = nameOf(input);
      // An ARN may name another account's group: that is what is asked for, though nothing here gives it away.
      const context = { ...caller, ...placeOf(input) };
      const keys = { ...requestTags(input), ...(operation === 'CreateLogGroup' ? {} : await resourceTags(context, name)) };
      const permission = { action: `logs:${operation}`, resource: resourceOf(context, name, input), context: keys };
      if (operation !== 'CreateLogGroup' || input.tags === undefined) return permission;
      return [permission, { ...permission, action: 'logs:TagResource', resource: groupArn(context, name) }];
    };
  const group = (context: OperationContext, name: string) => streamArn(context, name, '');
  const stream = (context: OperationContext, name: string, { logStreamName = '' }: PermissionInput) => streamArn(context, name, logStreamName);
  const bare = (context: OperationContext, name: string, { resourceArn }: PermissionInput) => (resourceArn === undefined ? groupArn(context, name) : (resourceArn.replace(/:\*$/, '')));
  const table = (operations: string[], resourceOf: Parameters<typeof on>[1]) => operations.map((operation) => [operation, on(operation, resourceOf)] as const);
  return {
    ...Object.fromEntries([
      ...table(['CreateLogGroup', 'DeleteLogGroup', 'DescribeLogStreams', 'FilterLogEvents', 'PutRetentionPolicy', 'DeleteRetentionPolicy', 'PutLogGroupDeletionProtection'], group),
      ...table(['TagLogGroup', 'UntagLogGroup', 'ListTagsLogGroup'], group),
      ...table(['CreateLogStream', 'DeleteLogStream', 'PutLogEvents', 'GetLogEvents'], stream),
      ...table(['TagResource', 'UntagResource', 'ListTagsForResource'], bare),
    ]),
    DescribeLogGroups: (_input: unknown, context) => ({ action: 'logs:DescribeLogGroups', resource: streamArn(context, '', '') }),
  };
}

function placeOf({ logGroupName, logGroupIdentifier = '' }: PermissionInput): Partial<LogPlace> {
  const group = logGroupName === undefined ? groupOfArn(logGroupIdentifier) : undefined;
  return group === undefined ? {} : { accountId: group.accountId, region: group.region };
}

function nameOf({ logGroupName, logGroupIdentifier, resourceArn }: PermissionInput): string {
  const identifier = logGroupName ?? logGroupIdentifier ?? resourceArn ?? '';
  return groupOfArn(identifier)?.name ?? identifier;
}

function requestTags({ tags, tagKeys }: PermissionInput): Record<string, string[]> {
  const keys = tagKeys ?? (Array.isArray(tags) ? tags : Object.keys(tags ?? {}));
  const values = tags === undefined || Array.isArray(tags) ? [] : Object.entries(tags);
  return {
    ...Object.fromEntries(values.map(([key, value]) => [`aws:RequestTag/${key}`, [value]])),
    ...(keys.length === 0 ? {} : { 'aws:TagKeys': keys }),
  };
}
