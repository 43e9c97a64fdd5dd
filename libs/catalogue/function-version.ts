/**
 * A function version as the invoke path needs it: immutable, decrypted, cached. `catalogue` produces it; `invocation` maps it to a sandbox's `FunctionSpec`.
 */
export interface InvocableVersion {
  accountId: string;
  region: string;
  functionId: string;
  functionName: string;
  version: string;
  revisionId: string;
  state: 'Pending' | 'Active' | 'Inactive' | 'Failed';
  runtime: string;
  handler: string;
  role: string;
  memoryMb: number;
  timeoutSeconds: number;
  ephemeralStorageMb: number;
  architecture: 'x86_64' | 'arm64';
  environment: Readonly<Record<string, string>>;
  codeDigest: string;
  logFormat: 'Text' | 'JSON';
  applicationLogLevel?: string;
  systemLogLevel?: string;
  logGroup: string;
}

/** Resolves names on the invoke path. Answers from memory when nothing changed; a stale version is a defect. */
export interface FunctionResolver {
  /**
   * @param qualifier `$LATEST`, digits, or absent (= `$LATEST`)
   * @throws ServiceError ResourceNotFoundException
   */
  resolve(accountId: string, region: string, functionName: string, qualifier?: string): InvocableVersion | Promise<InvocableVersion>;
}

export const FUNCTION_RESOLVER = Symbol('FunctionResolver');
