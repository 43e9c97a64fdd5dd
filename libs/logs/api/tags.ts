import type { OperationHandler } from '@hearth/aws-wire';
import { invalidParameter, tooManyTags } from '../errors.js';
import { MAX_TAGS } from '../limits.js';
import { nameOfArn } from './group-input.js';
import type { LogsParts } from './parts.js';

/** Tags by the ARN of a group, and by its name as tools did before 2022. */
export function tagOperations({ groups }: LogsParts): Record<string, OperationHandler> {
  const tag = async (context: Parameters<OperationHandler>[1], name: string, tags: Record<string, string>) => {
    checkTags(tags);
    const { id } = await groups.group(context, name);
    if (!(await groups.addTags(id, tags, MAX_TAGS))) throw tooManyTags();
    return {};
  };
  const untag = async (context: Parameters<OperationHandler>[1], name: string, keys: string[]) => {
    await groups.removeTags((await groups.group(context, name)).id, keys);
    return {};
  };
  return {
    TagResource: (input: { resourceArn: string; tags: Record<string, string> }, context) => tag(context, nameOfArn(input.resourceArn, context), input.tags),
    UntagResource: (input: { resourceArn: string; tagKeys: string[] }, context) => untag(context, nameOfArn(input.resourceArn, context), input.tagKeys),
    ListTagsForResource: async (input: { resourceArn: string }, context) => ({ tags: (await groups.group(context, nameOfArn(input.resourceArn, context))).tags }),
    TagLogGroup: (input: { logGroupName: string; tags: Record<string, string> }, context) => tag(context, input.logGroupName, input.tags),
    UntagLogGroup: (input: { logGroupName: string; tags: string[] }, context) => untag(context, input.logGroupName, input.tags),
    ListTagsLogGroup: async (input: { logGroupName: string }, context) => ({ tags: (await groups.group(context, input.logGroupName)).tags }),
  };
}

/** @throws ServiceError InvalidParameterException */
export function checkTags(tags: Record<string, string>): void {
  const reserved = Object.keys(tags).find((key) => key.toLowerCase().startsWith('aws:'));
  if (reserved !== undefined) throw invalidParameter(`The tag key ${reserved} begins with aws:, which is reserved.`);
}
