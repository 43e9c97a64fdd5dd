import { ServiceError } from '@hearth/kernel';

/** Errors of Application Auto Scaling: JSON 1.1, status 400. */
const refused = (code: string, message: string) => new ServiceError(code, 400, message, { messageMember: 'message' });

export const invalid = (message: string) => refused('ValidationException', message);
export const notFound = (what: 'scalable target' | 'scheduled action', resourceId: string) =>
  refused('ObjectNotFoundException', `No ${what} found for service namespace: lambda, resource ID: ${resourceId}, scalable dimension: lambda:function:ProvisionedConcurrency`);
export const invalidToken = () => refused('InvalidNextTokenException', 'The next token supplied was invalid.');
/** A member that Hearth does not act on is refused, never stored and ignored. */
export const notSupported = (what: string) => new ServiceError('NotImplementedException', 501, `Hearth does not support ${what} of Application Auto Scaling.`, { messageMember: 'message' });
