import type { OperationHandler } from '@hearth/aws-wire';
import { invalidParameter } from '../errors.js';
import { RETENTION_DAYS } from '../limits.js';
import type { LogsParts } from './parts.js';

export function putRetentionPolicy({ groups }: LogsParts): OperationHandler {
  return async ({ logGroupName, retentionInDays }: { logGroupName: string; retentionInDays: number }, context) => {
    if (!RETENTION_DAYS.includes(retentionInDays)) {
      throw invalidParameter(`Retention in days must be one of: ${RETENTION_DAYS.join(', ')}.`);
    }
    await groups.setRetention((await groups.group(context, logGroupName)).id, retentionInDays);
    return {};
  };
}

export function deleteRetentionPolicy({ groups }: LogsParts): OperationHandler {
  return async ({ logGroupName }: { logGroupName: string }, context) => {
    await groups.setRetention((await groups.group(context, logGroupName)).id, null);
    return {};
  };
}
