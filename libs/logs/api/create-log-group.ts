import type { OperationHandler } from '@hearth/aws-wire';
import { notSupported } from '../errors.js';
import { checkTags } from './tags.js';
import type { LogsParts } from './parts.js';

interface CreateLogGroupInput {
  logGroupName: string;
  kmsKeyId?: string;
  tags?: Record<string, string>;
  logGroupClass?: string;
  deletionProtectionEnabled?: boolean;
}

/** @throws ServiceError ResourceAlreadyExistsException */
export function createLogGroup({ groups }: LogsParts): OperationHandler {
  return async (input: CreateLogGroupInput, context) => {
    const { logGroupName, tags = {}, logGroupClass = 'STANDARD', deletionProtectionEnabled = false } = input;
    if (input.kmsKeyId !== undefined) throw notSupported('kmsKeyId');
    if (logGroupClass !== 'STANDARD') throw notSupported(`the log group class ${logGroupClass}`);
    checkTags(tags);
    await groups.createGroup(context, logGroupName, { logGroupClass, deletionProtection: deletionProtectionEnabled, tags });
    return {};
  };
}
