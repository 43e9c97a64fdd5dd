import type { OperationHandler } from '@hearth/aws-wire';
import type { CatalogueParts } from '../parts.js';
import { getPolicy } from './get-policy.js';

/** GetPolicy by ARN. */
export function getResourcePolicy(parts: CatalogueParts): OperationHandler {
  const get = getPolicy(parts);
  return (input: { ResourceArn: string }, context) => get({ FunctionName: input.ResourceArn }, context);
}
