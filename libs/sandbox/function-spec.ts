import type { IsolationProfile } from './drivers/isolation.js';
import type { FunctionImage } from './images/function-image.js';
import type { ResponseSink } from './response-sink.js';

/**
 * One immutable function version, resolved and decrypted, as a sandbox needs it. Two specs with the same `sandboxKey`
 * may share sandboxes; any difference in code, configuration, role or account makes another key (architecture section 5).
 */
export interface FunctionSpec {
  accountId: string;
  region: string;
  functionName: string;
  /** `$LATEST` or digits. */
  version: string;
  /** Identity for sandbox reuse: account, function, version and revision. */
  sandboxKey: string;
  /** Empty for container images, as is the handler. */
  runtime: string;
  handler: string;
  role: string;
  memoryMb: number;
  timeoutSeconds: number;
  ephemeralStorageMb: number;
  architecture: 'x86_64' | 'arm64';
  environment: Readonly<Record<string, string>>;
  /** Hex SHA-256 of the archive: the key of the unpacked code in `artifacts`. */
  codeDigest: string;
  /** Of container-image functions: it is what runs, and `codeDigest` is the image's. */
  image?: FunctionImage;
  /** Digests of its layers, in order: together they are /opt. */
  layers?: readonly string[];
  /** Docker networks its VpcConfig maps to; absent: it has none, and the platform's egress policy holds. */
  networks?: readonly string[];
  /** Least isolation it asks for (tag `hearth:isolation`); absent: the platform's. */
  isolation?: IsolationProfile;
  logFormat: 'Text' | 'JSON';
  applicationLogLevel?: string;
  systemLogLevel?: string;
  logGroup: string;
}

export interface InvocationRequest {
  /** UUID; the same for every attempt of an event. */
  requestId: string;
  spec: FunctionSpec;
  /** Raw event bytes, never re-encoded. */
  payload: Uint8Array;
  /** ARN as invoked, with the qualifier the caller used. */
  invokedFunctionArn: string;
  /** Decoded JSON text. */
  clientContext?: string;
  /** `Root=...;Parent=...;Sampled=0|1` */
  traceHeader: string;
  /** JSON text: `{"cognitoIdentityId","cognitoIdentityPoolId"}`. */
  cognitoIdentity?: string;
  tenantId?: string;
  /** Takes the response as it comes, also one that comes whole; the outcome's payload is empty then, unless the function failed. */
  response?: ResponseSink;
  /** The caller needs the answer alone: the log is settled after it, and the outcome has neither its tail nor the memory used. */
  answerOnly?: boolean;
  /** Sandboxes that were provisioned under this key serve it first; then those of its version. */
  provisionedKey?: string;
}

export interface InvocationOutcome {
  /** `timeout` and `error` are function errors: HTTP 200 with X-Amz-Function-Error. */
  status: 'success' | 'error' | 'timeout';
  /** What the runtime posted, byte for byte, or the error object the platform made. */
  payload: Uint8Array;
  /** For instance `Runtime.ExitError`; only with status other than success. */
  errorType?: string;
  /** The last 4 KB of the invocation's log. */
  logTail: Uint8Array;
  coldStart: boolean;
  /** It ran in a provisioned sandbox. */
  provisioned?: boolean;
  durationMs: number;
  billedDurationMs: number;
  initDurationMs?: number;
  /** Absent when the caller needs the answer alone. */
  maxMemoryUsedMb?: number;
  /** For traces, name to [start, end] in epoch ms: `placement`, `handler`; of a cold start also `sandbox.create` and `init`. */
  phases?: Record<string, [number, number]>;
}
