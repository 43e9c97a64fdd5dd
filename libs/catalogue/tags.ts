import { invalidParameter } from './errors.js';

const MAX_TAGS = 50;

/**
 * Characters and lengths of keys and values are the model's to check.
 * @throws ServiceError InvalidParameterValueException (spec/lambda-api.md 4.11)
 */
export function assertTags(tags: Record<string, string>): void {
  if (Object.keys(tags).length > MAX_TAGS) throw invalidParameter('Number of tags exceeds resource tag limit.');
  const reserved = Object.keys(tags).find((key) => key.toLowerCase().startsWith('aws:'));
  if (reserved !== undefined) throw invalidParameter(`Tag keys that begin with aws: are reserved: ${reserved}`);
}
