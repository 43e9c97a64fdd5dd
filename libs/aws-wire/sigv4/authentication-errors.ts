import { ServiceError } from '@hearth/kernel';

/** Refusals of request signing: code, status, text (spec/iam-and-sts.md 2.4). None carries a `Type` member. */
function refusal(code: string, status: number, message: string): ServiceError {
  return new ServiceError(code, status, message, { fault: null, messageMember: 'message' });
}

const DIFFERS =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';

export const missingToken = (): ServiceError => refusal('MissingAuthenticationTokenException', 403, 'Missing Authentication Token');
export const incompleteSignature = (message: string): ServiceError => refusal('IncompleteSignatureException', 400, message);
export const unrecognizedClient = (): ServiceError => refusal('UnrecognizedClientException', 403, 'The security token included in the request is invalid.');
export const expiredToken = (): ServiceError => refusal('ExpiredTokenException', 403, 'The security token included in the request is expired');
export const invalidSignature = (message: string = DIFFERS): ServiceError => refusal('InvalidSignatureException', 403, message);
