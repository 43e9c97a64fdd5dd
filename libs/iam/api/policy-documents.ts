import { malformedPolicyDocument } from './errors.js';
import type { PolicyDocuments } from './parts.js';

export const iamPolicyDocuments: PolicyDocuments = {
  checkIdentityPolicy: (document) => parse(document),
  checkTrustPolicy: (document) => parse(document),
};

function parse(document: string): void {
  try {
    JSON.parse(document);
  } catch (error) {
    throw Object.assign(malformedPolicyDocument('This policy contains invalid Json'), { cause: error });
  }
}
