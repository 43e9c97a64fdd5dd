import { ServiceError } from '@hearth/kernel';

/* The errors of IAM with AWS's codes, statuses and texts (spec/iam-and-sts.md 6). */

const LABEL = { user: 'user', group: 'group', role: 'role' } as const;

export function noSuchEntity(message: string): ServiceError {
  return new ServiceError('NoSuchEntity', 404, message);
}

export function noSuchIdentity(kind: keyof typeof LABEL, name: string): ServiceError {
  return noSuchEntity(`The ${LABEL[kind]} with name ${name} cannot be found.`);
}

export function noSuchPolicy(policyArn: string): ServiceError {
  return noSuchEntity(`Policy ${policyArn} was not found.`);
}

export function alreadyExists(message: string): ServiceError {
  return new ServiceError('EntityAlreadyExists', 409, message);
}

export function deleteConflict(message: string): ServiceError {
  return new ServiceError('DeleteConflict', 409, message);
}

export function limitExceeded(message: string): ServiceError {
  return new ServiceError('LimitExceeded', 409, message);
}

export function quotaExceeded(quota: string, limit: number): ServiceError {
  return limitExceeded(`Cannot exceed quota for ${quota}: ${limit}`);
}

export function invalidInput(message: string): ServiceError {
  return new ServiceError('InvalidInput', 400, message);
}

export function validationError(message: string): ServiceError {
  return new ServiceError('ValidationError', 400, message);
}

export function malformedPolicyDocument(message: string): ServiceError {
  return new ServiceError('MalformedPolicyDocument', 400, message);
}

export function unmodifiable(roleName: string): ServiceError {
  return new ServiceError(
    'UnmodifiableEntity',
    400,
    `Cannot perform the operation on the protected role '${roleName}' - this role is only modifiable by AWS`,
  );
}

/** A member of the model that Hearth does not act on: refused, never stored and ignored. */
export function unsupportedMember(operation: string, member: string): ServiceError {
  return new ServiceError('NotImplemented', 501, `${operation}: ${member} is not supported`);
}
