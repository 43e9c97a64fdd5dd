import { ServiceError } from '@hearth/kernel';
import { validationError } from '../api/errors.js';
import type { PrincipalPolicies } from '../store/principal-policies.js';
import type { Tag } from '../store/tag.js';

export interface SessionTagInput {
  Tags?: Tag[];
  TransitiveTagKeys?: string[];
}

const MAX_TAGS = 50;

/**
 * The tags of the new session: those asked for, and those that the calling session passes on and nobody can replace.
 * @returns `transitive` in lower case
 * @throws ServiceError ValidationError, InvalidParameterValue
 */
export function sessionTags(
  caller: PrincipalPolicies,
  { Tags = [], TransitiveTagKeys = [] }: SessionTagInput,
): { all: Tag[]; transitive: string[] } {
  const given = Tags.map(({ Key }) => Key.toLowerCase());
  if (Tags.length > MAX_TAGS || TransitiveTagKeys.length > MAX_TAGS)
    throw validationError(`The number of session tags exceeds the limit of ${MAX_TAGS}.`);
  if (new Set(given).size !== given.length)
    throw invalidParameter('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  if (given.some((key) => key.startsWith('aws:'))) throw invalidParameter('System tags cannot be added as session tags.');
  const inherited = caller.tags.filter(({ Key }) => caller.transitiveTagKeys.includes(Key.toLowerCase()));
  const fixed = new Set(inherited.map(({ Key }) => Key.toLowerCase()));
  if (given.some((key) => fixed.has(key))) {
    throw invalidParameter(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
  }
  const requested = TransitiveTagKeys.map((key) => key.toLowerCase());
  if (requested.some((key) => !given.includes(key)))
    throw invalidParameter('The specified transitive tag key must be included in the requested tags.');
  return {
    all: [...inherited, ...Tags.map(({ Key, Value }) => ({ Key, Value }))],
    transitive: [...new Set([...fixed, ...requested])],
  };
}

function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterValue', 400, message);
}
