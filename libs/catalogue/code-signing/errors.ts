import { ServiceError } from '@hearth/kernel';
import { notFound } from '../errors.js';

/** Answer of the operations on configurations themselves (spec/lambda-api.md 4.10). */
export function noSuchConfig(): ServiceError {
  return notFound('The Lambda code signing configuration ARN can not be found.');
}

/** Answer of the operations that tie a function to a configuration. */
export function configNotFound(arn: string): ServiceError {
  const message = `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${arn}.`;
  return new ServiceError('CodeSigningConfigNotFoundException', 404, message, { messageMember: 'Message' });
}

/** Text of public reports. */
export function unsignedCode(): ServiceError {
  const message =
    'Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is not configured to accept. Check the provided signature for unsigned.';
  return new ServiceError('CodeVerificationFailedException', 400, message, { messageMember: 'Message' });
}
