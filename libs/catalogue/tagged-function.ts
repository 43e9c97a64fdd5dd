import type { OperationContext } from '@hearth/aws-wire';
import { parseArn } from '@hearth/kernel';
import { invalidParameter } from './errors.js';
import type { FunctionReference } from './parse-function-name.js';
import { referenceOf } from './parts.js';

/**
 * The function behind a tagging operation's `Resource` (spec/lambda-api.md 4.11).
 * @throws ServiceError InvalidParameterValueException for versions, aliases and kinds of resources that do not exist here
 */
export function taggedFunction(resource: string, context: OperationContext, operation: string): FunctionReference {
  if (!parseArn(resource)?.resource.startsWith('function:')) throw invalidParameter(`Resource: tags of ${resource} are not supported by this deployment.`);
  const reference = referenceOf({ FunctionName: resource }, context, operation);
  if (reference.qualifier !== undefined) throw invalidParameter('Tags on function aliases and versions are not supported. Please specify a function ARN.');
  return reference;
}
