/** An Invoke call, parsed: what the wire means, without the wire. */
export interface InvokeCommand {
  accountId: string;
  region: string;
  functionName: string;
  /** `$LATEST` or digits; absent means `$LATEST`. */
  qualifier?: string;
  /** The qualifier came from the caller, and so belongs into the ARN that the function sees. */
  qualifiedByCaller: boolean;
  invocationType: 'RequestResponse' | 'Event' | 'DryRun';
  /** Raw event bytes. */
  payload: Buffer;
  /** Decoded JSON text. */
  clientContext?: string;
  /** `Root=...;Parent=...;Sampled=0|1`; made when absent. */
  traceHeader?: string;
  /** UUID. */
  requestId: string;
  wantsLogTail: boolean;
  /** For durable functions only: starts under the same name are one start. */
  durableExecutionName?: string;
  /** Epoch ms, for the trace: when the request's head came, and when its caller was known and allowed. */
  received?: readonly [arrival: number, authenticated: number];
}

export interface InvokeAnswer {
  statusCode: 200 | 202 | 204;
  requestId: string;
  executedVersion?: string;
  durableExecutionArn?: string;
  functionError?: 'Unhandled';
  /** For instance `Runtime.ExitError`; only with `functionError`. */
  errorType?: string;
  /** Absent for Event and DryRun. */
  payload?: Uint8Array;
  logTail?: Uint8Array;
}
