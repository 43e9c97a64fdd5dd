import { ServiceError } from '@hearth/kernel';

/** Errors of the function operations: code, status, text and body member of each (spec/lambda-api.md 2.2). */

export function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterValueException', 400, message, { messageMember: 'message' });
}

/** Answer of the request framework: no `Type` member (spec/lambda-api.md 2.1). */
export function validationError(value: unknown, member: string, constraint: string): ServiceError {
  return new ServiceError('ValidationException', 400, constraintText(value, member, constraint), { fault: null, messageMember: 'message' });
}

export function constraintText(value: unknown, member: string, constraint: string): string {
  return `1 validation error detected: Value '${String(value)}' at '${member}' failed to satisfy constraint: ${constraint}`;
}

/** @param arn as the caller named the function: with a qualifier only if there was one */
export function functionNotFound(arn: string): ServiceError {
  return notFound(`Function not found: ${arn}`);
}

export function notFound(message: string): ServiceError {
  return new ServiceError('ResourceNotFoundException', 404, message, { messageMember: 'Message' });
}

export function conflict(message: string): ServiceError {
  return new ServiceError('ResourceConflictException', 409, message, { messageMember: 'message' });
}

export function staleRevision(): ServiceError {
  return new ServiceError(
    'PreconditionFailedException',
    412,
    'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    { messageMember: 'message' },
  );
}

export function accessDenied(message: string): ServiceError {
  return new ServiceError('AccessDeniedException', 403, message, { messageMember: 'Message' });
}

/** @param api the operation that tells the current revision: `GetPolicy`, `GetLayerPolicy` (spec/lambda-api.md 1.3) */
export function stalePolicyRevision(api: 'GetPolicy' | 'GetLayerPolicy'): ServiceError {
  return new ServiceError('PreconditionFailedException', 412, `The Revision Id provided does not match the latest Revision Id. Call the ${api} API to retrieve the latest Revision Id`, {
    messageMember: 'message',
  });
}

export function policyTooLong(bytes: number, limit: number): ServiceError {
  return new ServiceError('PolicyLengthExceededException', 400, `The final policy size (${bytes}) is bigger than the limit (${limit}).`, { messageMember: 'message' });
}

export function statementExists(id: string): ServiceError {
  return conflict(`The statement id (${id}) provided already exists. Please provide a new statement id, or remove the existing statement.`);
}
