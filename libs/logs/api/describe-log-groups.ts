import type { OperationHandler } from '@hearth/aws-wire';
import { invalidParameter, notSupported } from '../errors.js';
import type { GroupRow, LogPlace } from '../group-store.js';
import { MAX_DESCRIBED } from '../limits.js';
import { groupArn } from '../log-arn.js';
import { groupNameOf } from './group-input.js';
import { readToken, writeToken } from './page-token.js';
import type { LogsParts } from './parts.js';

interface DescribeLogGroupsInput {
  accountIdentifiers?: string[];
  includeLinkedAccounts?: boolean;
  logGroupNamePrefix?: string;
  logGroupNamePattern?: string;
  logGroupIdentifiers?: string[];
  logGroupClass?: string;
  limit?: number;
  nextToken?: string;
}

export function describeLogGroups({ groups }: LogsParts): OperationHandler {
  return async (input: DescribeLogGroupsInput, context) => {
    const { logGroupNamePrefix: prefix, logGroupNamePattern: contains, limit = MAX_DESCRIBED, logGroupClass } = input;
    if (input.includeLinkedAccounts) throw notSupported('includeLinkedAccounts');
    if (input.accountIdentifiers?.some((account) => account !== context.accountId)) throw notSupported('accountIdentifiers of other accounts');
    if (prefix !== undefined && contains !== undefined) throw invalidParameter('LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.');
    const names = input.logGroupIdentifiers?.map((logGroupIdentifier) => groupNameOf({ logGroupIdentifier }, context));
    const [after] = readToken(input.nextToken, 1) ?? [];
    const rows = await groups.listGroups(context, { prefix, contains: contains || undefined, names, logGroupClass, after, limit: limit + 1 });
    const page = rows.slice(0, limit);
    return { logGroups: page.map((row) => described(row, context)), nextToken: rows.length > limit ? writeToken([page.at(-1)!.name]) : undefined };
  };
}

function described(row: GroupRow & { bytes: string }, place: LogPlace): Record<string, unknown> {
  const arn = groupArn(place, row.name);
  return {
    logGroupName: row.name,
    creationTime: row.created_at.getTime(),
    retentionInDays: row.retention_days ?? undefined,
    metricFilterCount: 0,
    arn: `${arn}:*`,
    logGroupArn: arn,
    storedBytes: Number(row.bytes),
    logGroupClass: row.log_group_class,
    deletionProtectionEnabled: row.deletion_protection,
  };
}
