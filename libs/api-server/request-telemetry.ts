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
  /** `Unknown` before it is known. */
  operation: string;
  status: number;
  errorCode?: string;
  durationMs: number;
  requestId: string;
  accountId?: string;
  /** Of a call that was signed rightly. */
  accessKeyId?: string;
  /** As signatures name it. */
  service?: string;
}
