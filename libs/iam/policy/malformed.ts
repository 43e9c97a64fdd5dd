import { ServiceError } from '@hearth/kernel';

/** A document that is no valid policy. Texts are AWS's where they are known; what follows the sentence says where. */
export function malformed(message: string, cause?: unknown): ServiceError {
  return new ServiceError('MalformedPolicyDocument', 400, message, cause === undefined ? {} : { cause });
}
