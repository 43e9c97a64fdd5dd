import type { Isolation } from './isolation-tag.js';

/**
 * A function version as the invoke path needs it: immutable, decrypted, cached. `catalogue` produces it; `invocation` maps it to a sandbox's `FunctionSpec`.
 */
export interface InvocableVersion {
  accountId: string;
  region: string;
  functionId: string;
  functionName: string;
  version: string;
  /** Identity of what runs: changes when code or configuration is applied, not when a version is published (docs/decisions/0003). */
  revisionId: string;
  /** Pending and Failed functions resolve too: the invoke path refuses them with the error of the state. */
  state: 'Pending' | 'Active' | 'Inactive' | 'Failed';
  /** Empty for container images, as is the handler. */
  runtime: string;
  handler: string;
  role: string;
  memoryMb: number;
  timeoutSeconds: number;
  ephemeralStorageMb: number;
  architecture: 'x86_64' | 'arm64';
  environment: Readonly<Record<string, string>>;
  codeDigest: string;
  /** Of container-image functions: what runs, pinned. Absent members of the configuration are the image's own. */
  image?: { uri: string; digest: string; local: boolean; entryPoint?: readonly string[]; command?: readonly string[]; workingDirectory?: string };
  /** Digests of the layers, in order; absent when there are none. */
  layers?: readonly string[];
  /** Docker networks of its VpcConfig; absent when there are none. */
  networks?: readonly string[];
  /** Of the tag `hearth:isolation`. */
  isolation?: Isolation;
  logFormat: 'Text' | 'JSON';
  applicationLogLevel?: string;
  systemLogLevel?: string;
  logGroup: string;
  /** Absent: Terminate. */
  recursiveLoop?: 'Terminate' | 'Allow';
  concurrency?: {
    /** Set aside for the function, all its versions together; absent: it shares the rest of the account. */
    reserved?: number;
    /** Claimed by all functions of the account: what they reserved, or else what is provisioned for them. */
    reservedInAccount: number;
    /** Sandboxes that are held for the qualifier that was resolved. */
    provisioned?: { qualifier: string; requested: number };
  };
  /** Of durable functions. */
  durable?: { executionTimeoutSeconds: number; retentionDays: number };
  /** Event invoke config of the qualifier that was resolved; absent members have Lambda's defaults. */
  asynchronous?: { maximumRetryAttempts?: number; maximumEventAgeSeconds?: number };
}

/** Resolves names on the invoke path. Answers from memory when nothing changed; a stale version is a defect. */
export interface FunctionResolver {
  /**
   * A weighted alias is drawn anew at every call.
   * @param qualifier `$LATEST`, digits, an alias, or absent (= `$LATEST`)
   * @throws ServiceError ResourceNotFoundException
   */
  resolve(accountId: string, region: string, functionName: string, qualifier?: string): InvocableVersion | Promise<InvocableVersion>;
}

export const FUNCTION_RESOLVER = Symbol('FunctionResolver');
