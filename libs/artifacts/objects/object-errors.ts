import { ServiceError } from '@hearth/kernel';
import type { ObjectName } from './object-source.js';

/** What S3 says, in the words with which Lambda passes it on (spec/lambda-api.md 4.1). */
export function getObjectFailed(code: string, message: string): ServiceError {
  return invalidParameter(`Error occurred while GetObject. S3 Error Code: ${code}. S3 Error Message: ${message}`);
}

export function noSuchKey(): ServiceError {
  return getObjectFailed('NoSuchKey', 'The specified key does not exist.');
}

export function noSuchVersion(): ServiceError {
  return getObjectFailed('NoSuchVersion', 'The specified version does not exist.');
}

/** Text of public reports. */
export function objectAccessDenied({ bucket, key }: ObjectName): ServiceError {
  const message = `Your access has been denied by S3, please make sure your request credentials have permission to GetObject for ${bucket}/${key}. S3 Error Code: AccessDenied. S3 Error Message: Access Denied`;
  return new ServiceError('AccessDeniedException', 403, message, { fault: null });
}

export function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterValueException', 400, message, { messageMember: 'message' });
}
