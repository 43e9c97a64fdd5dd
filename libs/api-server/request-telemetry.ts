import type { RequestFacts } from '@hearth/iam';

/** What the control plane reports of each request; both parts are optional. */
export interface RequestTelemetry {
  /** Runs an authenticated operation, for instance inside a span. Must return what `work` returns. */
  around?<T>(operation: OperationInfo, work: () => T): T;
  /** After the answer was handed to the socket. Must not throw. */
  ended?(record: RequestRecord): void;
}

export interface OperationInfo {
  service: string;
  operation: string;
  requestId: string;
  accountId: string;
  /** X-Amzn-Trace-Id of the invocation; Invoke only. */
  traceHeader?: string;
  functionName?: string;
}

export interface RequestRecord {
  /** Milliseconds since the epoch. */
  time: number;
  /** `Unknown` before it is known. */
  operation: string;
  status: number;
  errorCode?: string;
  durationMs: number;
  requestId: string;
  accountId?: string;
  /** Of a call that was signed rightly. */
  accessKeyId?: string;
  principalArn?: string;
  /** As signatures name it. */
  service?: string;
  /** Of the permission that the call needed, when it was known by then. */
  action?: string;
  resource?: string;
  facts: RequestFacts;
}
