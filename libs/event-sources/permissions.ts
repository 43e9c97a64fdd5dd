import type { OperationContext } from '@hearth/aws-wire';
import { referenceOf } from '@hearth/catalogue';
import { mappingArn } from './mapping/event-source-mapping.js';

/** What a caller needs for an operation; the shape that all domains share. */
export interface Permission {
  action: string;
  /** ARN, or `*`. */
  resource: string;
  /** Further condition keys of the request. */
  context?: Record<string, string[]>;
}

type MappingInput = { UUID?: string; FunctionName?: string; Tags?: Record<string, string> };

const onMapping =
  (operation: string) =>
  (input: MappingInput, context: OperationContext): Permission => ({
    action: `lambda:${operation}`,
    resource: mappingArn({ ...context, uuid: input.UUID! }),
    ...functionKey(input, context, operation),
  });

/** spec/iam-and-sts.md 4. `lambda:FunctionArn` is the function that the request names; of a mapping alone it is not known here. */
export const permissions: Record<string, (input: MappingInput, context: OperationContext) => Permission> = {
  CreateEventSourceMapping: (input, context) => ({
    action: 'lambda:CreateEventSourceMapping',
    resource: '*',
    context: { ...functionKey(input, context, 'CreateEventSourceMapping').context, ...tagKeys(input.Tags) },
  }),
  ListEventSourceMappings: () => ({ action: 'lambda:ListEventSourceMappings', resource: '*' }),
  GetEventSourceMapping: onMapping('GetEventSourceMapping'),
  UpdateEventSourceMapping: onMapping('UpdateEventSourceMapping'),
  DeleteEventSourceMapping: onMapping('DeleteEventSourceMapping'),
};

function functionKey(input: MappingInput, context: OperationContext, operation: string): Pick<Permission, 'context'> {
  if (input.FunctionName === undefined) return {};
  return { context: { 'lambda:FunctionArn': [referenceOf({ FunctionName: input.FunctionName }, context, operation).arn] } };
}

function tagKeys(tags: Record<string, string> = {}): Record<string, string[]> {
  const entries = Object.entries(tags);
  if (entries.length === 0) return {};
  return { 'aws:TagKeys': entries.map(([key]) => key), ...Object.fromEntries(entries.map(([key, value]) => [`aws:RequestTag/${key}`, [value]])) };
}
