/** Takes an invocation's response while it comes. */
export interface AnswerStream {
  /** Once, before the first bytes. */
  begin(head: { executedVersion: string; contentType: string }): void;
  /** As of sandbox's ResponseSink: a promise when the source should pause. */
  write(bytes: Uint8Array): Promise<void> | undefined;
}

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
  /** Synchronous only: takes the response as it comes. What was not begun is part of the answer, as without. */
  stream?: AnswerStream;
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
