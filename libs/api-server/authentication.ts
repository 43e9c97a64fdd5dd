import type { SigV4Verifier } from '@hearth/aws-wire';
import type { AccessKey } from '@hearth/iam';
import type { AwsRequest } from './aws-request.js';

/** Looks access keys up: `KeyStore` of iam. Answers without a promise from memory, which keeps warm calls off the microtask queue. */
export interface KeyLookup {
  lookup(accessKeyId: string): AccessKey | undefined | Promise<AccessKey | undefined>;
}

/**
 * Checks all of a request's signature that can be checked before its body is read.
 * @throws ServiceError of spec/iam-and-sts.md 2.4, at once or by the returned promise
 */
export function authenticateHead(verifier: SigV4Verifier, keys: KeyLookup, request: AwsRequest): void | Promise<void> {
  const { target, raw } = request;
  const presented = verifier.present({ method: raw.method ?? '', rawPath: target.rawPath, rawQuery: target.rawQuery, rawHeaders: raw.rawHeaders });
  const accept = (key: AccessKey | undefined): void => {
    verifier.checkHead(presented, key);
    request.presented = presented;
    request.key = key;
  };
  const found = keys.lookup(presented.credential.accessKeyId);
  if (found instanceof Promise) return found.then(accept);
  accept(found);
}
