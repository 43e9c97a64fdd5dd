import { invalidParameter } from './errors.js';

const MAX_TAGS = 50;

/** @throws ServiceError InvalidParameterValueException (spec/lambda-api.md 4.11) */
export function assertTagCount(tags: Record<string, string>): void {
  if (Object.keys(tags).length > MAX_TAGS) throw invalidParameter('Number of tags exceeds resource tag limit.');
}
