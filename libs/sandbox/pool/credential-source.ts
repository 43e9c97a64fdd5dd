import type { FunctionCredentials } from '../function-environment.js';
import type { FunctionSpec } from '../function-spec.js';

export interface IssuedCredentials extends FunctionCredentials {
  /** Epoch ms. */
  expiresAt: number;
}

/** Where sandboxes get the credentials of their functions' roles from: a port of this library. */
export interface CredentialSource {
  /**
   * New ones for each sandbox, which nobody else gets.
   * @throws ServiceError when the role cannot be assumed any more; InfrastructureError when they cannot be had now
   */
  issue(spec: FunctionSpec): Promise<IssuedCredentials>;
  /** They are refused from soon on. Nobody waits for it: what cannot be revoked now is the source's to try again. */
  revoke(accessKeyId: string): void;
}
