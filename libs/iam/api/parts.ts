import type { OperationContext } from '@hearth/aws-wire';
import type { Database } from '@hearth/database';
import type { Clock } from '@hearth/kernel';
import type { KeyStore } from '../key-store.js';

/** What the operations of IAM and STS are made of. */
export interface IamParts {
  database: Database;
  keyStore: KeyStore;
  clock: Clock;
  documents: PolicyDocuments;
}

/** Which documents may be stored. Sizes are the operations' matter. */
export interface PolicyDocuments {
  /** @throws ServiceError MalformedPolicyDocument */
  checkIdentityPolicy(document: string): void;
  /** @throws ServiceError MalformedPolicyDocument */
  checkTrustPolicy(document: string): void;
}

/** The context as IAM and STS read it. */
export interface CallerContext extends OperationContext {
  /** The key that signed; tells two sessions of the same name apart. */
  accessKeyId?: string;
  /** Condition keys of the request for AssumeRole's own authorisation: aws:SourceIp, aws:SecureTransport... */
  conditionKeys?: Record<string, string[]>;
}
